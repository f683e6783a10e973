#pragma once

#include <cstdint>

namespace tollgate {

/// What keeps a charge from being made twice, taken out on purpose, to see that the simulation's checker notices. Compiled in
/// only where TOLLGATE_MUTANTS is defined, which is in that test alone; everywhere else `without` is false and costs nothing.
enum class Safeguard : std::uint8_t {
    none,
    durable_intent,  // an intent is written before its call
    derived_key,     // a call's key follows from the charge
    deduplication,   // a known key does not run again
    reverse_order,   // undoing goes backwards
    look_up,         // an unknown outcome is looked up
};

#ifdef TOLLGATE_MUTANTS
inline Safeguard safeguard_removed = Safeguard::none;

[[nodiscard]] inline bool without(Safeguard safeguard) noexcept {
    return safeguard == safeguard_removed;
}
#else
[[nodiscard]] consteval bool without(Safeguard) noexcept {
    return false;
}
#endif

}  // namespace tollgate
