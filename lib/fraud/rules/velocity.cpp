#include "core/duration.hpp"
#include "fraud/fold.hpp"
#include "fraud/kind.hpp"
#include "fraud/rule.hpp"
#include "stores/digest.hpp"

namespace tollgate::fraud {
namespace {

/// What a rule counts by; it becomes a part of a store's key only as a digest.
std::string counted_value(const Subject& subject, std::string_view key) {
    if (key == "customer") return subject.customer.id;
    if (key == "email") return folded(subject.customer.email);
    if (key == "payment_method") return subject.payment_method;
    return {};  // the tenant's own stand in front of every key
}

class VelocityRule final : public Rule {
public:
    VelocityRule(std::string name, const Values& values)
        : name_(std::move(name)),
          key_(get<std::string>(values, "key")),
          max_count_(get<std::int64_t>(values, "max_count")),
          window_(get<Milliseconds>(values, "window")),
          failures_only_(get<bool>(values, "failures_only")) {}

    [[nodiscard]] std::optional<Velocity> counts(const Subject& subject) const override {
        const std::string whose = base32(digest_of({key_, counted_value(subject, key_)}), 16);
        return Velocity{.key = subject.tenant + "/" + name_ + "/" + whose,
                        .window = window_,
                        .max = max_count_,
                        .counts_begin = !failures_only_};
    }

    /// A charge is among its own count, its failure is still to come; and nobody counts further than `max_count` + 1.
    [[nodiscard]] Finding judge(const Facts& facts) const override {
        const std::string what = failures_only_ ? " failed charges within " : " charges within ";
        const std::string within = what + duration_text(window_);
        if (!facts.count) return {false, "how many" + within + " there were is not known"};
        const std::string most = std::to_string(max_count_);
        if (failures_only_ && *facts.count >= max_count_) return {true, most + " or more" + within};
        if (*facts.count > max_count_) return {true, "more than " + most + within};
        return {false, std::to_string(*facts.count) + within + ", it hits from " +
                           (failures_only_ ? most : std::to_string(max_count_ + 1)) + " on"};
    }

private:
    const std::string name_, key_;
    const std::int64_t max_count_;
    const Milliseconds window_;
    const bool failures_only_;
};

}  // namespace

Kind velocity() {
    return {.name = "velocity",
            .action = Verdict::score,
            .doc = "Hits from the charge after `max_count` on within `window`, counted by the whole fleet.",
            .example = "key = \"customer\", max_count = 10, window = \"1h\"",
            .parameters =
                {{.name = "key",
                  .initial = std::string(),
                  .needed = true,
                  .doc = "What charges are counted by: \"customer\", \"email\", \"payment_method\" or \"tenant\".",
                  .words = {"customer", "email", "payment_method", "tenant"}},
                 {.name = "max_count",
                  .initial = std::int64_t{0},
                  .needed = true,
                  .doc = "How many there may be.",
                  .least = 1,
                  .most = 1'000'000},
                 {.name = "window", .initial = Milliseconds{0}, .needed = true, .doc = "\"1s\" or longer.", .least = 1000},
                 {.name = "failures_only",
                  .initial = false,
                  .doc = "Counts charges whose card was refused, as in card testing, and not attempts."}},
            .make = [](const std::string& rule, const Values& values) { return std::make_shared<VelocityRule>(rule, values); }};
}

}  // namespace tollgate::fraud
