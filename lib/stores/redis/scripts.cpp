#include "stores/redis/scripts.hpp"

#include <string_view>

namespace tollgate::scripts {
extern const std::string_view shared, begin, advance, claim, audit, sweep, page;
}

namespace tollgate::redis {
namespace {

Script that_writes(const char* name, std::string_view text) {
    return {name, std::string(tollgate::scripts::shared) + std::string(text)};
}

}  // namespace

const Scripts& scripts() {
    static const Scripts all{.begin = that_writes("begin", tollgate::scripts::begin),
                             .advance = that_writes("advance", tollgate::scripts::advance),
                             .claim = that_writes("claim", tollgate::scripts::claim),
                             .audit = that_writes("audit", tollgate::scripts::audit),
                             .sweep = that_writes("sweep", tollgate::scripts::sweep),
                             .page = {"page", std::string(tollgate::scripts::page)}};
    return all;
}

}  // namespace tollgate::redis
