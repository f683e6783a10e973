#pragma once

#include <functional>

#include "torture/world.hpp"

/// What the phases have in common that hit the n-th system call, for every n.
namespace tollgate::test {

/// Calls `life` with first, first + stride, … on a few threads until one says that its process never got as far as its n-th
/// call, or the time is over. Returns how many were hit. What a life throws is a violation.
int for_every_call(const Plan& plan, std::chrono::steady_clock::time_point end, Violations& violations,
                   const std::function<bool(int n)>& life);

/// The script's orders, not yet asked for.
[[nodiscard]] std::vector<Purchase> purchases_of_script(const std::string& prefix);

/// Asks for each of them once, as long as somebody answers.
void play(std::vector<Purchase>& purchases, unsigned short port);

/// Asks for all that have no final answer until they have.
void settle(std::vector<Purchase>& purchases, unsigned short port);

}  // namespace tollgate::test
