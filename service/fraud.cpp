#include "service/fraud.hpp"

#include <utility>

#include "fraud/kind.hpp"
#include "telemetry/log.hpp"

namespace tollgate {
namespace {

fraud::NamedRule named(const FraudRule& rule, std::shared_ptr<const fraud::Rule> made) {
    return {.kind = rule.kind,
            .name = rule.name,
            .shadow = rule.shadow,
            .score = rule.score,
            .action = fraud::verdict_from(rule.action).value_or(fraud::Verdict::block),
            .rule = std::move(made)};
}

/// Whether there was anything to tell, as there always is of a file that was never looked at.
bool look(const std::string& name, fraud::Rule& rule) {
    const auto reread = rule.look();
    if (!reread) return false;
    if (reread->why.empty())
        log::info("the list of a fraud rule was read", {{"rule", name}, {"file", reread->file}, {"entries", reread->entries}});
    else
        log::warn("the list of a fraud rule stays as it was: its file " + reread->why,
                  {{"rule", name}, {"file", reread->file}});
    return true;
}

}  // namespace

Fraud::Fraud(const Settings::Fraud& settings, Milliseconds look_every) {
    std::vector<fraud::NamedRule> rules;
    for (const FraudRule& rule : settings.rules) {
        if (!rule.enabled) continue;
        const auto made = fraud::kind_named(rule.kind)->make(rule.name, rule.values);
        rules.push_back(named(rule, made));
        if (look(rule.name, *made)) watched_.push_back({rule.name, made});
    }
    screen_ = fraud::Screen(std::move(rules), settings.review_threshold);
    if (!watched_.empty())
        watcher_ = std::jthread([this, look_every](const std::stop_token& stop) { watch(stop, look_every); });
}

void Fraud::watch(const std::stop_token& stop, Milliseconds look_every) {
    const auto never = [] { return false; };
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, stop, look_every, never) && !stop.stop_requested())
        for (const auto& [name, rule] : watched_) look(name, *rule);
}

}  // namespace tollgate
