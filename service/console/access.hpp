#pragma once

#include <optional>
#include <string>

#include "async/runtime.hpp"
#include "service/auth.hpp"
#include "service/http/message.hpp"
#include "signing/hmac.hpp"
#include "stores/sessions.hpp"

namespace tollgate::console {

/// Who looks at the console.
struct Visitor {
    std::string who;                 // the API key's id; "default" where none are configured
    Mac csrf{};                      // what the page sends along with whatever changes something
    std::optional<Session> session;  // none: no keys are configured, and nobody logs in
};

/// Who may use the console. A session belongs to the API key that it was opened with, and ends with it: when the key is taken
/// away, replaced or loses its scope, every process that knows of it takes the session no more. Safe from any thread.
class Access {
public:
    static constexpr std::chrono::hours session_life{8};  // from the login on, whatever is done meanwhile

    /// Both outlive it.
    Access(const Authenticator& authenticator, SessionStore& sessions);

    /// Nobody logs in, since no keys are configured.
    [[nodiscard]] bool open() const noexcept { return authenticator_.open(); }

    /// Fails with `unauthenticated` without a session that lives, and as the store does.
    Task<Result<Visitor>> visitor(const Runtime& runtime, const http::Request& request) const;

    /// The same of what the page does: `forbidden` when another page asks (same_site.hpp), or when something would be changed
    /// and X-CSRF-Token is not the session's.
    Task<Result<Visitor>> admit(const Runtime& runtime, const http::Request& request) const;

    struct Opened {
        std::string token;  // for the browser alone
        Visitor visitor;
    };
    /// A new session of this key.
    Task<Result<Opened>> open_session(const Runtime& runtime, Authenticator::Holder holder) const;

    /// Whether it was neither ended nor has expired.
    Task<Result<bool>> lives(const Runtime& runtime, const Session& session) const;

    /// For all processes.
    Task<Result<void>> end(const Session& session) const;

private:
    const Authenticator& authenticator_;
    SessionStore& sessions_;
    const std::string secret_;  // of this process: stands in for a session's token where there is none
};

}  // namespace tollgate::console
