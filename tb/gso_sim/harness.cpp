// SPDX-License-Identifier: Apache-2.0
// Drives the verilated core through whole batches, so that Python is called once a batch and not
// once a cycle. Built into a shared library for one width (macro WIDTH); `core.py` holds the other
// side of the interface at the end of this file.
//
// Every rule of the output side is checked in every cycle; the first violation ends the batch.

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "Vgso_tx.h"
#include "pauses.h"
#include "verilated.h"
#ifdef TRACE
#include "verilated_vcd_c.h"
#endif

namespace {

constexpr size_t kLanes = WIDTH / 8;
constexpr size_t kDescriptor = 32, kCompletion = 12;
constexpr uint64_t kFull = kLanes == 64 ? ~0ull : (1ull << kLanes) - 1;

// Ports wider than 64 bits are arrays of words, narrower ones integers: all little-endian here.
template <class Port> void put(Port& port, const void* bytes, size_t size) {
    std::memcpy(static_cast<void*>(&port), bytes, size);
}
template <class Port> void get(const Port& port, void* bytes, size_t size) {
    std::memcpy(bytes, static_cast<const void*>(&port), size);
}

}  // namespace

extern "C" {

struct FrameIn {
    uint8_t descriptor[kDescriptor];
    const uint8_t* data;
    uint32_t size, aborted;
};

struct FrameTime { uint64_t first, last; };

struct SegmentOut {
    uint64_t first, last, user, offset, size;
};

struct CompletionOut {
    uint64_t cycle;
    uint8_t data[kCompletion];
    uint32_t unused;
};

}  // extern "C"

namespace {

class Simulation {
  public:
    Simulation() : context_(new VerilatedContext), top_(new Vgso_tx(context_.get())) { reset(); }

    ~Simulation() {
        top_->final();
#ifdef TRACE
        if (trace_) trace_->close();
#endif
    }

    void reset() {
        top_->s_axis_tvalid = top_->s_axis_desc_tvalid = 0;
        top_->m_axis_tready = top_->m_axis_cpl_tready = 0;
        top_->rst = 1;
        for (int count = 0; count < 4; ++count) {
            step();  // without a look at the low clock there is no rising edge after it
            clock();
        }
        top_->rst = 0;
        inside_ = holding_ = holding_completion_ = false;
    }

    bool trace(const char* path) {
#ifdef TRACE
        context_->traceEverOn(true);
        trace_.reset(new VerilatedVcdC);
        top_->trace(trace_.get(), 99);
        trace_->open(path);
        return true;
#else
        (void)path;
        return false;
#endif
    }

    // Runs until all `count` frames and completions were taken; 0, or 1 with a message in `error`.
    int run(const FrameIn* frames, size_t count, const Pattern* patterns, uint64_t seed,
            uint64_t lead, uint64_t patience);

    std::vector<FrameTime> times;
    std::vector<SegmentOut> segments;
    std::vector<CompletionOut> completions;
    std::vector<uint8_t> bytes;
    std::string error;
    uint64_t cycle = 0;

  private:
    void clock() {
        top_->clk = 1;
        step();
        top_->clk = 0;
        ++cycle;
    }

    void step() {
        top_->eval();
#ifdef TRACE
        if (trace_) trace_->dump(2 * cycle + top_->clk);
#endif
    }

    void fail(const char* format, ...) {
        if (!error.empty()) return;
        char text[200];
        va_list values;
        va_start(values, format);
        std::vsnprintf(text, sizeof text, format, values);
        va_end(values);
        error = "cycle " + std::to_string(cycle) + ": " + text;
    }

    void offer_beat(const FrameIn& frame, size_t at);
    void take_beat();
    void check_held();

    std::unique_ptr<VerilatedContext> context_;
    std::unique_ptr<Vgso_tx> top_;
#ifdef TRACE
    std::unique_ptr<VerilatedVcdC> trace_;
#endif
    bool inside_ = false;  // between a segment's first and last beat
    struct Beat {
        uint8_t data[kLanes];
        uint64_t keep, user;
        uint8_t last;
    } held_;
    bool holding_ = false, holding_completion_ = false;
    uint8_t held_completion_[kCompletion];
};

void Simulation::offer_beat(const FrameIn& frame, size_t at) {
    const size_t left = frame.size - at;
    const bool last = left <= kLanes;
    const uint64_t keep = last && left < kLanes ? (1ull << left) - 1 : kFull;
    // Lanes without `tkeep` carry a value that would show if it were used.
    uint8_t beat[kLanes];
    std::memset(beat, 0xEE, kLanes);
    std::memcpy(beat, frame.data + at, last ? left : kLanes);
    put(top_->s_axis_tdata, beat, kLanes);
    put(top_->s_axis_tkeep, &keep, kLanes / 8);
    top_->s_axis_tlast = last;
    top_->s_axis_tuser = last && frame.aborted;
}

// A beat that waits must not change, and `tvalid` must not fall inside a segment (AXI).
void Simulation::check_held() {
    if (holding_completion_) {
        uint8_t now[kCompletion];
        get(top_->m_axis_cpl_tdata, now, kCompletion);
        if (!top_->m_axis_cpl_tvalid || std::memcmp(now, held_completion_, kCompletion))
            fail("a completion changed while it waited");
    }
    if (!top_->m_axis_tvalid) {
        if (inside_ || holding_) fail("m_axis_tvalid fell before a segment's end");
        return;
    }
    Beat now;
    get(top_->m_axis_tdata, now.data, kLanes);
    now.keep = top_->m_axis_tkeep;
    now.user = top_->m_axis_tuser;
    now.last = top_->m_axis_tlast;
    if (holding_ && (std::memcmp(now.data, held_.data, kLanes) || now.keep != held_.keep ||
                     now.user != held_.user || now.last != held_.last))
        fail("a beat of m_axis changed while it waited");
    held_ = now;
}

void Simulation::take_beat() {
    const uint64_t keep = held_.keep;
    if (!keep || (keep & (keep + 1)) || (!held_.last && keep != kFull))
        fail("m_axis_tkeep is %llx with tlast %d", static_cast<unsigned long long>(keep),
             held_.last);
    if (!inside_) {
        segments.push_back({cycle, cycle, held_.user, bytes.size(), 0});
    } else if (segments.back().user != held_.user) {
        fail("m_axis_tuser changed inside a segment");
    }
    bytes.insert(bytes.end(), held_.data, held_.data + __builtin_popcountll(keep));
    inside_ = !held_.last;
    if (held_.last) {
        segments.back().last = cycle;
        segments.back().size = bytes.size() - segments.back().offset;
    }
}

int Simulation::run(const FrameIn* frames, size_t count, const Pattern* patterns, uint64_t seed,
                    uint64_t lead, uint64_t patience) {
    times.clear(), segments.clear(), completions.clear(), bytes.clear(), error.clear();
    Pauses idle(patterns[0], seed), stall(patterns[1], seed + 1);
    Pauses descriptor_idle(patterns[2], seed + 2), completion_stall(patterns[3], seed + 3);
    size_t descriptor = 0, frame = 0, at = 0;
    bool offered = false, descriptor_offered = false;
    uint64_t moved = cycle;
    const uint64_t begin = cycle + lead;
    // A LONG frame may complete before its end is taken: that end belongs to this batch.
    while ((completions.size() < count || frame < count) && error.empty()) {
        if (!descriptor_offered && descriptor < count && !descriptor_idle.next()) {
            descriptor_offered = true;
            put(top_->s_axis_desc_tdata, frames[descriptor].descriptor, kDescriptor);
        }
        if (!offered && frame < count && cycle >= begin && !idle.next()) {
            offered = true;
            offer_beat(frames[frame], at);
        }
        top_->s_axis_desc_tvalid = descriptor_offered;
        top_->s_axis_tvalid = offered;
        top_->m_axis_tready = !stall.next();
        top_->m_axis_cpl_tready = !completion_stall.next();
        step();
        check_held();
        if (descriptor_offered && top_->s_axis_desc_tready) {
            descriptor_offered = false;
            ++descriptor;
            moved = cycle;
        }
        if (offered && top_->s_axis_tready) {
            if (at == 0) times.push_back({cycle, cycle});
            offered = false;
            at += kLanes;
            moved = cycle;
            if (at >= frames[frame].size) {
                times.back().last = cycle;
                at = 0;
                ++frame;
            }
        }
        holding_ = top_->m_axis_tvalid && !top_->m_axis_tready;
        if (top_->m_axis_tvalid && top_->m_axis_tready) take_beat(), moved = cycle;
        holding_completion_ = top_->m_axis_cpl_tvalid && !top_->m_axis_cpl_tready;
        if (top_->m_axis_cpl_tvalid) {
            get(top_->m_axis_cpl_tdata, held_completion_, kCompletion);
            if (top_->m_axis_cpl_tready) {
                CompletionOut out = {cycle, {}, 0};
                std::memcpy(out.data, held_completion_, kCompletion);
                completions.push_back(out);
                moved = cycle;
            }
        }
        clock();
        if (cycle - moved > patience)
            fail("nothing moved for %llu cycles, %zu of %zu frames taken, %zu completions",
                 static_cast<unsigned long long>(patience), frame, count, completions.size());
    }
    return error.empty() ? 0 : 1;
}

}  // namespace

extern "C" {

Simulation* gso_new() { return new Simulation; }
void gso_delete(Simulation* s) { delete s; }
void gso_reset(Simulation* s) { s->reset(); }
int gso_trace(Simulation* s, const char* path) { return s->trace(path); }
int gso_run(Simulation* s, const FrameIn* frames, size_t count, const Pattern* patterns,
            uint64_t seed, uint64_t lead, uint64_t patience) {
    return s->run(frames, count, patterns, seed, lead, patience);
}
const char* gso_error(Simulation* s) { return s->error.c_str(); }
uint64_t gso_cycle(Simulation* s) { return s->cycle; }
// Sizes and addresses of what the last batch left; valid until the next call.
size_t gso_output(Simulation* s, const void** times, const void** segments,
                  const void** completions, const void** bytes, size_t* counts) {
    *times = s->times.data(), counts[0] = s->times.size();
    *segments = s->segments.data(), counts[1] = s->segments.size();
    *completions = s->completions.data(), counts[2] = s->completions.size();
    *bytes = s->bytes.data(), counts[3] = s->bytes.size();
    return s->cycle;
}

}  // extern "C"
