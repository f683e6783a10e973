#include "stores/redis/scripts.hpp"

#include <string_view>

namespace tollgate::scripts {
extern const std::string_view shared, begin, advance, claim, take, audit, sweep, page, survey;
}

namespace tollgate::redis {
namespace {

Script with_shared(const char* name, std::string_view text) {
    return {name, std::string(tollgate::scripts::shared) + std::string(text)};
}

}  // namespace

const Scripts& scripts() {
    static const Scripts all{.begin = with_shared("begin", tollgate::scripts::begin),
                             .advance = with_shared("advance", tollgate::scripts::advance),
                             .claim = with_shared("claim", tollgate::scripts::claim),
                             .take = with_shared("take", tollgate::scripts::take),
                             .audit = with_shared("audit", tollgate::scripts::audit),
                             .sweep = {"sweep", std::string(tollgate::scripts::sweep)},
                             .page = {"page", std::string(tollgate::scripts::page)},
                             .survey = {"survey", std::string(tollgate::scripts::survey)}};
    return all;
}

}  // namespace tollgate::redis
