#include "service/console/access.hpp"

#include <utility>

#include "service/console/cookie.hpp"
#include "service/console/same_site.hpp"
#include "stores/digest.hpp"

namespace tollgate::console {
namespace {

/// What the page proves that it is ours with: whoever lacks the cookie cannot make it, and it does not betray the cookie.
Mac csrf_of(std::string_view token) {
    return hmac_sha256(token, {"tollgate console csrf"});
}

std::string id_of(std::string_view token) {
    return base32(digest_of({token}), sizeof(Digest));
}

bool only_reads(const http::Request& request) {
    return request.method == "GET" || request.method == "HEAD";
}

}  // namespace

Access::Access(const Authenticator& authenticator, SessionStore& sessions)
    : authenticator_(authenticator), sessions_(sessions), secret_(draw_token()) {}

Task<Result<Visitor>> Access::visitor(const Runtime& runtime, const http::Request& request) const {
    if (open()) co_return Visitor{"default", csrf_of(secret_), std::nullopt};
    const auto token = token_of(request);
    if (!token) co_return fail(Code::unauthenticated, "Log in first: POST /console/session with an API key.");
    auto session = co_await sessions_.find_session(id_of(*token), runtime.clock.wall());
    if (!session) co_return fail(std::move(session.error()));
    auto who = *session ? authenticator_.admin_with((*session)->owner) : std::nullopt;
    if (!who) co_return fail(Code::unauthenticated, "The session is over: log in again.");
    co_return Visitor{std::move(*who), csrf_of(*token), std::move(**session)};
}

Task<Result<Visitor>> Access::admit(const Runtime& runtime, const http::Request& request) const {
    if (auto refused = comes_from_elsewhere(request)) co_return fail(std::move(*refused));
    auto found = co_await visitor(runtime, request);
    if (!found || only_reads(request)) co_return found;
    const auto sent = from_hex(request.header("x-csrf-token").value_or(""));
    if (!sent || !same(found->csrf, *sent))
        co_return fail(Code::forbidden, "X-CSRF-Token must be the `csrf` of GET /console/session.");
    co_return found;
}

Task<Result<Access::Opened>> Access::open_session(const Runtime& runtime, Authenticator::Holder holder) const {
    std::string token = draw_token();
    const WallTime now = runtime.clock.wall();
    Session session{id_of(token), std::move(holder.mark), now + session_life};
    auto kept = co_await sessions_.open_session(session, now);
    if (!kept) co_return fail(std::move(kept.error()));
    Visitor visitor{std::move(holder.tenant), csrf_of(token), std::move(session)};
    co_return Opened{std::move(token), std::move(visitor)};
}

Task<Result<bool>> Access::lives(const Runtime& runtime, const Session& session) const {
    auto found = co_await sessions_.find_session(session.id, runtime.clock.wall());
    if (!found) co_return fail(std::move(found.error()));
    co_return found->has_value();
}

Task<Result<void>> Access::end(const Session& session) const {
    return sessions_.end_session(session.id);
}

}  // namespace tollgate::console
