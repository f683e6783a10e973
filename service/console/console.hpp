#pragma once

#include <vector>

#include "service/console/access.hpp"
#include "service/console/live_state.hpp"
#include "service/console/live_stream.hpp"
#include "service/console/login_limit.hpp"
#include "service/http/router.hpp"
#include "stores/ports.hpp"

namespace tollgate {

struct ConsoleParts {
    const Authenticator& authenticator;
    SessionStore& sessions;
    AuditLog& audit;
    console::LiveParts live;
};

/// The console of the service: a page for operators, behind a login with their API key, which then stays out of the browser.
/// One for all threads.
class Console {
public:
    /// What the parts name outlives it.
    explicit Console(ConsoleParts parts);

    /// GET /console and what the page is made of; POST, GET and DELETE /console/session; GET /console/live; and every route
    /// under /admin that the router has, once more under /console/api, for whoever is logged in. For one thread, whose runtime
    /// outlives them.
    [[nodiscard]] std::vector<http::Route> routes(const Runtime& runtime, const http::Router& router);

private:
    [[nodiscard]] http::Route sealed(http::Route route) const;
    [[nodiscard]] http::Route mirrored(const Runtime& runtime, http::Route route) const;
    [[nodiscard]] std::optional<PaymentError> refused_key(const http::Request& request) const;
    void note(const Runtime& runtime, const http::Request& request, std::string what, std::string who,
              std::string outcome) const;

    Task<http::Response> show_page(const Runtime& runtime, const http::Request& request) const;
    Task<http::Response> log_in(const Runtime& runtime, const http::Request& request);
    Task<http::Response> tell_session(const Runtime& runtime, const http::Request& request) const;
    Task<http::Response> log_out(const Runtime& runtime, const http::Request& request) const;
    Task<http::Response> look_on(const Runtime& runtime, const http::Request& request);

    const ConsoleParts parts_;
    const console::Access access_;
    console::LoginLimit limit_;
    console::LiveState live_;
    console::LivePlaces places_;
};

}  // namespace tollgate
