#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/http_client.hpp"

namespace tollgate {

/// Somewhere outside that is told of things (`page.url`, `notify.url`), reached at vetted addresses only.
struct Target {
    std::unique_ptr<HttpClient> client;
    std::string path;
};

/// Fails with the setting's name and the mend when its URL cannot be used. The runtime outlives it.
[[nodiscard]] Result<Target> open_target(const Runtime& runtime, const std::string& url, std::string_view setting);

}  // namespace tollgate
