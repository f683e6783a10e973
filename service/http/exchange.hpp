#pragma once

#include <optional>
#include <string>

#include "service/http/reader.hpp"
#include "service/http/thread_state.hpp"

namespace tollgate::http {

/// One request and its answer, without I/O; the same object serves a connection's requests one after the other.
class Exchange {
public:
    Exchange(ThreadState& state, std::string peer);

    RequestReader& reader() noexcept { return reader_; }

    /// Once the head is there: names the request, finds its route, and refuses what needs no body to be refused. The order:
    /// unknown method, route, overload, authentication, media type, length.
    [[nodiscard]] std::optional<Response> check_head();
    /// Once the body is there.
    [[nodiscard]] std::optional<Response> check_body();
    /// Runs the handler; what it throws becomes a 500 that says nothing about it.
    Task<Response> handle();

    /// The answer to a request that could not be read; the connection must close after it.
    [[nodiscard]] Response unreadable(const PaymentError& error);

    /// Renders the response into `out()`. `close`: whether the connection ends with it.
    void finish(const Response& response, bool close);
    [[nodiscard]] const std::string& out() const noexcept { return out_; }
    /// Tells the access hook and makes ready for the next request.
    void report(int status, bool delivered);
    void next();

    [[nodiscard]] bool wants_head_only() const noexcept { return request_.method == "HEAD"; }
    [[nodiscard]] bool wants_keep_alive() const noexcept { return named_ && reader_.request().keep_alive; }

private:
    void name_request();
    [[nodiscard]] std::optional<Response> refuse(Code code, std::string detail);
    [[nodiscard]] std::optional<Response> overloaded();
    [[nodiscard]] bool may_be_rebound() const;
    [[nodiscard]] std::optional<Response> authenticate();
    [[nodiscard]] std::optional<Response> check_media();
    [[nodiscard]] Access access(int status, bool delivered) const;

    ThreadState& state_;
    RequestReader reader_;
    Request request_;
    std::string peer_;
    const Route* route_ = nullptr;
    bool named_ = false;  // the head was read, and request_ speaks of it
    SteadyTime began_{};
    std::string out_;
};

}  // namespace tollgate::http
