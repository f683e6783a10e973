#include <algorithm>

#include "fraud/kind.hpp"

/// A line a kind: NAME is the function `Kind NAME()` in rules/NAME.cpp.
#define TOLLGATE_FRAUD_KINDS(KIND) \
    KIND(blocklist)                \
    KIND(avs_cvv)                  \
    KIND(velocity)                 \
    KIND(country_mismatch)         \
    KIND(high_amount)

namespace tollgate::fraud {

#define TOLLGATE_DECLARE(name) Kind name();
TOLLGATE_FRAUD_KINDS(TOLLGATE_DECLARE)
#undef TOLLGATE_DECLARE

const std::vector<Kind>& kinds() {
#define TOLLGATE_CALL(name) name(),
    static const std::vector<Kind> all = {TOLLGATE_FRAUD_KINDS(TOLLGATE_CALL)};
#undef TOLLGATE_CALL
    return all;
}

const Kind* kind_named(std::string_view name) {
    const auto found = std::ranges::find(kinds(), name, &Kind::name);
    return found == kinds().end() ? nullptr : &*found;
}

Values completed(const Kind& kind, Values values) {
    for (const Parameter& parameter : kind.parameters) values.try_emplace(parameter.name, parameter.initial);
    return values;
}

}  // namespace tollgate::fraud
