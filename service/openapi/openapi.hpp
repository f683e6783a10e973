#pragma once

#include <string>
#include <vector>

#include "service/http/router.hpp"

namespace tollgate {

/// GET /openapi.json, the description of every route of the service (OpenAPI 3.1), and GET /docs, the same as a page. The
/// document is service/openapi/openapi.json, byte for byte; tests hold it against the parsers and the answers.
[[nodiscard]] std::vector<http::Route> openapi_routes();

/// In what the document and these routes differ: routes that are not described, descriptions without a route, another scope,
/// another way of taking a body. One sentence each; none: it is just them that the document describes. The console's own routes
/// are left out.
[[nodiscard]] std::vector<std::string> openapi_differences(const http::Router& router);

}  // namespace tollgate
