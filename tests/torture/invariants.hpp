#pragma once

#include "torture/orders.hpp"

namespace tollgate::test {

/// What was looked at, for the summary.
struct Checked {
    std::size_t charges = 0;
    std::size_t replays = 0;
    std::size_t undone_attempts = 0;  // of keys that a retriable failure had freed

    Checked& operator+=(const Checked& other);
};

/// The promise, once it is quiet and every purchase has been asked for to its end: each order has the one end of its kind
/// outside, nothing is held or paid that should not be, the answer replays byte for byte and without any effect, the charge
/// reads as the answer said, and nothing is left under way. Asks the ports in turn.
Checked check_promise(const std::vector<Purchase>& purchases, const std::vector<unsigned short>& ports,
                      unsigned short sandbox_port, Violations& violations);

}  // namespace tollgate::test
