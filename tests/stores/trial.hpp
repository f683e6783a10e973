#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <set>
#include <string>

#include "store_under_test.hpp"

namespace tollgate::test {

/// One seed's operations against one store, compared with a model after each.
class Trial {
public:
    explicit Trial(std::uint64_t seed) : seed_(seed) {}
    virtual ~Trial() = default;

    void run(int steps) {
        for (step_ = 1; step_ <= steps; ++step_) step();
        look_at_all();
    }

    /// What was met on the way: a run that never gets there shows nothing.
    [[nodiscard]] const std::set<std::string>& met() const noexcept { return met_; }

protected:
    virtual void step() = 0;
    virtual void look_at_all() = 0;

    void compare(const std::string& expected, const std::string& actual) const {
        if (expected == actual) return;
        FAIL("seed " << seed_ << ", step " << step_ << ": " << operation_ << "\n  the model: " << expected
                     << "\n  the store: " << actual);
    }

    std::string operation_;
    std::set<std::string> met_;

private:
    std::uint64_t seed_;
    int step_ = 0;
};

/// For a long hunt by hand: TOLLGATE_SEED=17 TOLLGATE_STEPS=20000.
[[nodiscard]] inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Three seeds on every kind of store, each of which has to meet all of this.
template <class OneTrial>
void compare_with_model(const StoreKind& kind, std::initializer_list<const char*> to_meet) {
    const std::uint64_t first = from_environment("TOLLGATE_SEED", 1);
    const int steps = static_cast<int>(from_environment("TOLLGATE_STEPS", 700));
    INFO(kind.name);
    for (std::uint64_t seed = first; seed < first + 3; ++seed) {
        OneTrial trial(kind, seed);
        trial.run(steps);
        for (const char* what : to_meet) {
            INFO(what);
            CHECK(trial.met().contains(what));
        }
    }
}

}  // namespace tollgate::test
