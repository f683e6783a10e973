#include <boost/json.hpp>
#include <utility>

#include "core/json_writer.hpp"
#include "json/strict_json.hpp"
#include "service/console/console.hpp"
#include "service/console/cookie.hpp"
#include "service/console/same_site.hpp"
#include "service/http/wiped.hpp"

/// Who comes and goes.
namespace tollgate {
namespace {

/// What is parsed in it is overwritten with it.
class WipedMemory final : public boost::json::memory_resource {
    void* do_allocate(std::size_t bytes, std::size_t alignment) override { return fallback_->allocate(bytes, alignment); }
    void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
        ::OPENSSL_cleanse(memory, bytes);
        fallback_->deallocate(memory, bytes, alignment);
    }
    bool do_is_equal(const boost::json::memory_resource& other) const noexcept override { return this == &other; }
    boost::json::storage_ptr fallback_;
};

Result<http::Bytes> asked_key(std::string_view body) {
    WipedMemory memory;
    const auto parsed = parse_strict_json(body, &memory);
    if (!parsed) return fail(parsed.error());
    const boost::json::object* object = parsed->if_object();
    const boost::json::value* key = object != nullptr && object->size() == 1 ? object->if_contains("key") : nullptr;
    if (key == nullptr || !key->is_string()) return fail(Code::bad_request, R"(Send {"key":"…"}, with an API key.)");
    return http::Bytes(std::string_view(key->get_string()));
}

std::string body_of(const console::Visitor& visitor) {
    JsonWriter body(256);
    body.begin_object().member("who", visitor.who).member("csrf", hex(visitor.csrf));
    if (visitor.session) body.member("expires_at", to_rfc3339(visitor.session->expires_at));
    body.member("keys", visitor.session.has_value()).member("version", TOLLGATE_VERSION).end_object();
    return body.take();
}

}  // namespace

void Console::note(const Runtime& runtime, const http::Request& request, std::string what, std::string who,
                   std::string outcome) const {
    parts_.audit.append({.at = runtime.clock.wall(),
                         .who = std::move(who),
                         .what = std::move(what),
                         .outcome = std::move(outcome),
                         .origin = request.peer,
                         .request_id = request.request_id});
}

Task<http::Response> Console::log_in(const Runtime& runtime, const http::Request& request) {
    if (const auto refused = console::comes_from_elsewhere(request)) co_return http::problem_response(*refused, request);
    if (access_.open()) {
        const auto visitor = co_await access_.visitor(runtime, request);
        co_return http::Response{.body = body_of(*visitor)};
    }
    const auto key = asked_key(request.body);
    if (!key) co_return http::problem_response(key.error(), request);

    // What is limited is how much may be written down: a key that is known is never shut out by those who guess, who may come
    // through the same proxy.
    const auto holder = parts_.authenticator.holder(*key);
    if (!holder || !holder->admin) {
        if (const auto wait = limit_.refuses(request.peer, runtime.clock.steady()))
            co_return http::problem_response({Code::rate_limited, "Too many keys were tried from here; wait a while.", *wait},
                                             request);
    }
    const std::string who = holder ? holder->tenant : "unknown";
    Result<console::Access::Opened> opened = fail(Code::unauthenticated, "This API key is not known here.");
    if (holder && !holder->admin)
        opened = fail(Code::forbidden, "This API key lacks the scope `admin`, which the console needs.");
    else if (holder)
        opened = co_await access_.open_session(runtime, *holder);
    note(runtime, request, "console.login", who, std::string(opened ? "ok" : info(opened.error().code).name));
    if (!opened) co_return http::problem_response(opened.error(), request);
    // The browser forgets the cookie that it sent along, so nobody could end that session any more.
    const auto before = co_await access_.visitor(runtime, request);
    if (before && before->session) static_cast<void>(co_await access_.end(*before->session));
    co_return http::Response{.body = body_of(opened->visitor),
                             .headers = {{"Set-Cookie", console::set_cookie(opened->token, console::Access::session_life)}}};
}

Task<http::Response> Console::tell_session(const Runtime& runtime, const http::Request& request) const {
    const auto visitor = co_await access_.admit(runtime, request);
    if (!visitor) co_return http::problem_response(visitor.error(), request);
    co_return http::Response{.body = body_of(*visitor)};
}

Task<http::Response> Console::log_out(const Runtime& runtime, const http::Request& request) const {
    const auto visitor = co_await access_.admit(runtime, request);
    if (!visitor) co_return http::problem_response(visitor.error(), request);
    if (visitor->session) {
        const auto ended = co_await access_.end(*visitor->session);
        note(runtime, request, "console.logout", visitor->who, std::string(ended ? "ok" : info(ended.error().code).name));
        if (!ended) co_return http::problem_response(ended.error(), request);
    }
    co_return http::Response{.status = 204, .headers = {{"Set-Cookie", console::set_cookie("", std::chrono::seconds(0))}}};
}

}  // namespace tollgate
