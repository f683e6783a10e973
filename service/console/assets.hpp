#pragma once

#include <vector>

#include "service/http/message.hpp"

namespace tollgate::console {

/// What the page is made of: the style sheets, scripts and pictures of this folder, each as GET /console/NAME, the same for
/// everybody. Browsers ask each time whether it is still the same (RFC 9110, 8.8.3 and 13.1.2), so that page and service are of
/// one version.
[[nodiscard]] std::vector<http::Route> asset_routes();

/// GET /console, with the headers under which it runs only what came from here (Content Security Policy Level 3, Trusted Types)
/// and no other page can embed, open or follow it. `status` is 200, or that of why there is nothing to see but the login.
[[nodiscard]] http::Response page(int status);

}  // namespace tollgate::console
