#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>

#include "core/time.hpp"
#include "support/virtual_time.hpp"

namespace tollgate::simulation {

/// Everything that may go wrong.
enum class Fault : std::uint8_t {
    // On the way to the outside, and there.
    refused,        // nobody listens
    down,           // one of the services is away for a while
    slow,           // an answer takes seconds
    never_arrives,  // sent, and lost on the way
    late,           // arrives minutes after it was sent
    twice,          // arrives again, minutes later
    reply_lost,     // acted, and the answer is lost
    fault_before,   // 500, nothing done
    fault_after,    // 500, done
    fault_kept,     // the same, and the key answers 500 for ever
    wrong_echo,     // an answer about another amount
    garbage,        // an answer that is no JSON
    busy,           // 429
    forbidden,      // 403 from somebody on the way: says nothing about an earlier call
    stale_look_up,  // what was done is not found yet
    undo_refused,   // a definite no to refunds and voids, for a while
    // In our processes.
    crash,          // SIGKILL at any await
    pause,          // a process stands still for longer than its lease, and goes on
    clock_wrong,    // its wall clock jumps
    hand_over,      // an orderly stop, and a new process
    blackout,       // every process is away for a while
    long_blackout,  // the same for hours: until a look-up is final, or longer than the gateway keeps keys
    // In the store.
    store_refuses,     // nothing written
    store_reply_lost,  // written, or not, and the caller is not told
    store_crash,       // what was not synced is lost
    // Unasked.
    tells,      // the gateway sends news of what it did: several times, in any order, before its answer or long after
    disputes,   // a customer disputes what was captured
    customer,   // a customer authenticates
    shop_away,  // nobody takes the shop's events
    shop_deaf,  // an event came, and the answer is lost
    // People.
    by_hand,     // an operator retries a saga, whatever it is at
    leaves,      // does not wait for its answer
    repeats,     // asks several times at once
    other_body,  // asks for something else under the same key
    wishes,      // a shop captures, voids, refunds, brings its customer back
    expires,     // an authorization ends soon
    count,
};

inline constexpr std::size_t fault_count = static_cast<std::size_t>(Fault::count);

[[nodiscard]] std::string_view name(Fault fault) noexcept;

using FaultSet = std::bitset<fault_count>;

/// Draws what goes wrong. Every fault has a stream of its own, so that switching one off leaves the draws of the others as they
/// are. A seed has about half of the faults, each as often as the seed says.
class Faults {
public:
    Faults(std::uint64_t seed, FaultSet switched_off);

    /// Whether it happens now.
    [[nodiscard]] bool strikes(Fault fault);
    /// A number below `bound` of the fault's own stream.
    [[nodiscard]] std::uint64_t draw(Fault fault, std::uint64_t bound) { return of(fault).stream.below(bound); }
    [[nodiscard]] Milliseconds between(Fault fault, Milliseconds from, Milliseconds to);

    /// From now on all is well.
    void stop() noexcept { stopped_ = true; }
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }

    /// The faults that this seed has.
    [[nodiscard]] FaultSet active() const;

private:
    struct Source {
        test::SeededRandom stream{0};
        std::uint64_t permille = 0;
    };
    [[nodiscard]] Source& of(Fault fault) { return sources_[static_cast<std::size_t>(fault)]; }

    std::array<Source, fault_count> sources_;
    bool stopped_ = false;
};

}  // namespace tollgate::simulation
