// What a charge remembers of itself, for people.
#include <algorithm>

#include "payments/charge.hpp"

namespace tollgate {
namespace {

bool is_call(const Moment& one) noexcept {
    static constexpr std::string_view look_up = "look up ";
    std::string_view what = one.what;
    if (what.starts_with(look_up)) what.remove_prefix(look_up.size());
    for (int step = 0; step <= static_cast<int>(Step::release); ++step)
        if (what == name(static_cast<Step>(step))) return true;
    return false;
}

/// One makes room: a call of the middle, or without one whatever stands there. The first of them stays as what stands for all.
void forget_one(std::vector<Moment>& all) {
    const auto may_go = [](const Moment& one) { return !one.what.starts_with(payment_moment) && one.what != left_out_moment; };
    const auto middle = all.begin() + std::min(history_max / 2, std::ssize(all));
    auto one = std::find_if(middle, all.end(), is_call);
    if (one == all.end()) one = std::find_if(middle, all.end(), may_go);
    if (one == all.end()) return;
    const auto gap = std::ranges::find(all, left_out_moment, &Moment::what);
    if (gap == all.end()) {
        *one = {.at = one->at, .what = std::string(left_out_moment), .outcome = {}, .times = one->times, .until = one->until};
        return forget_one(all);
    }
    gap->times += one->times;
    gap->until = std::max(gap->until, one->until);
    all.erase(one);
}

}  // namespace

void remember(Charge& charge, Moment moment) {
    moment.outcome = fit_for_audit(moment.outcome);
    moment.until = moment.at;
    auto& all = charge.history;
    if (is_call(moment)) {
        for (auto before = all.rbegin(); before != all.rend() && is_call(*before); ++before) {
            if (before->what != moment.what || before->outcome != moment.outcome) continue;
            ++before->times;
            before->until = moment.at;
            return;
        }
    }
    const auto is_no_payment = [](const Moment& one) { return !one.what.starts_with(payment_moment); };
    if (std::ranges::count_if(all, is_no_payment) >= history_max) forget_one(all);
    all.push_back(std::move(moment));
}

}  // namespace tollgate
