# SPDX-License-Identifier: Apache-2.0
"""`make live`: two Linux network stacks talk through the core, as if it were their NIC."""
