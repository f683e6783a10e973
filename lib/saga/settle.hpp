#pragma once

#include "core/error.hpp"
#include "gateway/outside.hpp"
#include "saga/intent.hpp"

/// What an answer to a step means for its saga: decided here without I/O, acted on by the engine.
///
/// Money hangs on two durations that are told by wall clocks, written by one process and read by another:
///   - the same key is sent again only while the call, even if it takes its longest delay to arrive, arrives within the key's
///     window: `key_window - longest_delay - clock_tolerance` after the first may have left. After that it is looked up only;
///   - a look-up that finds nothing is final `longest_delay + clock_tolerance` after the last may have left, and only while the
///     key is still known.
/// Both hold while the clocks of all processes, at all times, lie within `clock_tolerance` of each other (a tenth of the key
/// window: 2.4 hours of 24). A clock seen to lie further back than that sends nothing again until it is right. Leases play no
/// part in this: they decide who goes on, and when.
namespace tollgate {

[[nodiscard]] constexpr Milliseconds clock_tolerance(const GatewayTraits& traits) noexcept {
    return traits.key_window / 10;
}

struct SettlePolicy {
    Milliseconds lease{30'000};
    int compensation_retries = 3;
    Milliseconds compensation_delay{1'000};
};

/// Linear backoff of an undo ends here; it goes on at this pace for ever.
inline constexpr Milliseconds compensation_delay_max{60'000};

/// How one call was made: whether an earlier one under the same key may have left before it, and what it asked.
struct Asked {
    bool first_call = true;
    Ask ask = Ask::perform;
};

/// How to ask for an intent now. A call that may have left is looked up first; it is sent again under the same key only
/// while the other side is sure to know the key as the same call, and not when it answers the key with the same fault for ever.
[[nodiscard]] Ask how_to_ask(const Intent& intent, bool first_call, const GatewayTraits& traits, WallTime now) noexcept;

struct Verdict {
    enum class Next : std::uint8_t {
        give_up,     // a definite no, or it surely did not happen: undo what was done before
        send_again,  // at once: a look-up found nothing, and the key is still the same call
        wait,        // ask again after `delay`
        wait_anew,   // the same as a first call: nothing has come of the earlier ones, nor will; the key window starts over
    };
    Next next = Next::wait;
    Milliseconds delay{0};
    const char* page = nullptr;  // the kind of page due now
    bool attention = false;      // undoing has failed too often: the charge needs attention
    bool new_key = false;        // with wait_anew: the other side has said no to this key for good
    bool spent = false;          // the other side will answer this key with the same fault for ever
};

/// A forward step failed. An unknown outcome is never given up. A step that surely did not happen is given up before money
/// is held (reserve, and authorize in its first round: not once its customer has authenticated, nor in place of one that was
/// voided), and asked for again otherwise: only a refusal undoes what comes later. Either way somebody is called after about
/// ten leases, and at once about an answer that speaks of other money.
///
/// What surely did not happen: a first call that was not executed; and a call that a look-up does not find when it is final
/// (above). The next call is then as good as a first one, under the same key, so that a late one still meets it; under a new
/// key only where the old one is spent, which a late call meets as spent.
[[nodiscard]] Verdict settle_forward(const PaymentError& error, Asked asked, const Intent& intent, const GatewayTraits& traits,
                                     const SettlePolicy& policy, WallTime now);

/// An undo failed. It is never given up: linear backoff, then needs attention and a page, and on at the cap.
[[nodiscard]] Verdict settle_undo(const PaymentError& error, Asked asked, const Intent& intent, const GatewayTraits& traits,
                                  const SettlePolicy& policy, WallTime now);

}  // namespace tollgate
