#pragma once

#include "async/runtime.hpp"

namespace tollgate {

class Deadlines;

/// Something that must end by a time: linked into a `Deadlines` while it is armed. Neither copied nor moved.
class Deadline {
public:
    Deadline() noexcept = default;
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    virtual ~Deadline() { disarm(); }

    /// Never fires after this. Harmless when it was not armed.
    void disarm() noexcept {
        if (next_ == nullptr) return;
        previous_->next_ = next_;
        next_->previous_ = previous_;
        next_ = previous_ = nullptr;
    }

    [[nodiscard]] bool armed() const noexcept { return next_ != nullptr; }

protected:
    /// Called once, already disarmed, up to one grain late. May arm, disarm or destroy any deadline, this one included.
    virtual void expire() noexcept {}

private:
    friend class Deadlines;

    void link_before(Deadline& other) noexcept {
        previous_ = other.previous_;
        next_ = &other;
        previous_->next_ = this;
        other.previous_ = this;
    }

    Deadline* next_ = nullptr;
    Deadline* previous_ = nullptr;
    SteadyTime at_{};
};

/// Many deadlines on one timer: a sweep every `grain` looks at all that are armed, so that arming one costs a few
/// instructions instead of a timer of its own. Sleeps while nothing is armed. For one thread; armed deadlines are
/// disarmed when it goes. The runtime must outlive it.
class Deadlines {
public:
    static constexpr Milliseconds default_grain{50};

    explicit Deadlines(const Runtime& runtime, Milliseconds grain = default_grain);
    ~Deadlines();
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;

    /// Fires at `at`, or up to one grain later; replaces an earlier time of the same deadline.
    void arm(Deadline& deadline, SteadyTime at);

private:
    struct State;
    static Task<void> sweep(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

}  // namespace tollgate
