#include "service/target.hpp"

#include <utility>

#include "net/origin.hpp"
#include "net/vetting.hpp"

namespace tollgate {

Result<Target> open_target(const Runtime& runtime, const std::string& url, std::string_view setting) {
    auto [origin, path] = split_target(url);
    auto client = HttpClient::make(runtime, origin, {.may_reach = vet_target});
    if (!client) return fail(Code::bad_request, std::string(setting) + ": " + client.error().detail);
    return Target{std::move(*client), std::move(path)};
}

}  // namespace tollgate
