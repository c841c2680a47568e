// SPDX-License-Identifier: Apache-2.0
// When a source leaves a gap and when a sink is not ready.

#pragma once
#include <cstdint>

// When a stream pauses: a chance in 2^32 a cycle, or a sequence of bits, repeated or once.
struct Pattern {
    uint32_t chance, length, repeat, unused;
    const uint8_t* bits;
};

// One stream's pauses, from the beginning of its pattern.
class Pauses {
  public:
    Pauses(const Pattern& pattern, uint64_t seed)
        : pattern_(pattern), state_((seed + 1) * 0x9E3779B97F4A7C15ull) {}

    bool next() {
        if (pattern_.length) {
            if (at_ == pattern_.length && pattern_.repeat) at_ = 0;
            return at_ < pattern_.length && pattern_.bits[at_++];
        }
        if (!pattern_.chance) return false;
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return static_cast<uint32_t>(state_ >> 20) < pattern_.chance;
    }

  private:
    const Pattern pattern_;
    uint64_t state_;
    uint32_t at_ = 0;
};
