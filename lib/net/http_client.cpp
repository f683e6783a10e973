#include "net/http_client.hpp"

#include <algorithm>
#include <tuple>

#include "net/addresses.hpp"
#include "net/pool.hpp"
#include "net/tls/client_tls.hpp"

namespace tollgate {
namespace {

bool has_control_character(std::string_view text) {
    return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// Whether it would break the request, or smuggle another one in.
bool is_unfit(const OutboundRequest& request) {
    const auto unfit = [](const auto& header) {
        return has_control_character(header.first) || has_control_character(header.second);
    };
    return has_control_character(request.path) || has_control_character(request.authorization) ||
           has_control_character(request.idempotency_key) || has_control_character(request.traceparent) ||
           std::ranges::any_of(request.headers, unfit);
}

void put_header(std::string& wire, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    wire.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

struct HttpClient::State {
    State(const Runtime& borrowed, Origin where, const HttpClientOptions& options, std::unique_ptr<asio::ssl::context> context)
        : runtime(borrowed),
          origin(std::move(where)),
          tls(std::move(context)),
          addresses(runtime, origin, options.addresses_kept, options.may_reach),
          pool(runtime, tls.get(), origin.host, {options.connections_max, options.waiting_max, options.idle_timeout}) {}

    [[nodiscard]] std::string to_wire(const OutboundRequest& request) const;
    Task<Result<void>> open(Connection& connection, SteadyTime deadline);
    Task<NetError> reach(Connection& connection, std::vector<Addresses::Endpoint> endpoints, SteadyTime deadline);
    Task<Result<OutboundReply>> receive(Lease& lease);
    [[nodiscard]] PaymentError unsent(std::string_view why) const {
        return {Code::network_error, origin.authority + " " + std::string(why) + "; nothing was sent"};
    }
    [[nodiscard]] PaymentError cut(const Connection& connection, bool begun) const;

    const Runtime& runtime;
    Origin origin;
    std::unique_ptr<asio::ssl::context> tls;
    Addresses addresses;
    Pool pool;
};

Result<std::unique_ptr<HttpClient>> HttpClient::make(const Runtime& runtime, std::string_view url, HttpClientOptions options) {
    auto origin = parse_origin(url);
    if (!origin) return fail(origin.error());
    std::unique_ptr<asio::ssl::context> tls;
    if (origin->tls) {
        auto made = make_client_tls(options.trusted_ca_file);
        if (!made) return fail(made.error());
        tls = std::move(*made);
    }
    auto state = std::make_shared<State>(runtime, std::move(*origin), options, std::move(tls));
    return std::unique_ptr<HttpClient>(new HttpClient(std::move(state)));
}

HttpClient::~HttpClient() {
    state_->pool.shut();
}

std::string HttpClient::State::to_wire(const OutboundRequest& request) const {
    std::string wire;
    wire.reserve(512 + request.body.size());
    wire.append(request.method).append(" ").append(origin.prefix).append(request.path).append(" HTTP/1.1\r\n");
    put_header(wire, "Host", origin.authority);
    put_header(wire, "User-Agent", "tollgate/" TOLLGATE_VERSION);
    put_header(wire, "Accept", "application/json");
    put_header(wire, "Authorization", request.authorization);
    put_header(wire, "Idempotency-Key", request.idempotency_key);
    put_header(wire, "traceparent", request.traceparent);
    for (const auto& [name, value] : request.headers) put_header(wire, name, value);
    if (request.method != "GET") {
        put_header(wire, "Content-Type", request.content_type);
        put_header(wire, "Content-Length", std::to_string(request.body.size()));
    }
    wire.append("\r\n").append(request.body);
    return wire;
}

PaymentError HttpClient::State::cut(const Connection& connection, bool begun) const {
    const std::string_view what =
        connection.timed_out() ? " did not answer in time" : " closed the connection before it answered";
    const std::string_view part = begun ? "; part of an answer came" : "";
    return {Code::gateway_timeout, origin.authority + std::string(what) + std::string(part)};
}

/// Each address gets its share of the time that is left, so that a silent one cannot use it all up.
Task<NetError> HttpClient::State::reach(Connection& connection, std::vector<Addresses::Endpoint> endpoints,
                                        SteadyTime deadline) {
    NetError error = asio::error::host_not_found;
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        const SteadyTime now = runtime.clock.steady();
        if (now >= deadline) co_return asio::error::timed_out;
        if (pool.is_shut()) co_return asio::error::operation_aborted;
        pool.watch(connection, now + (deadline - now) / static_cast<int>(endpoints.size() - i));
        error = co_await connection.connect(endpoints[i]);
        if (!error) {
            if (i > 0) addresses.prefer(endpoints[i]);
            co_return error;
        }
        if (error == asio::error::operation_aborted && !connection.timed_out()) co_return error;
    }
    addresses.doubt();
    co_return error;
}

Task<Result<void>> HttpClient::State::open(Connection& connection, SteadyTime deadline) {
    auto endpoints = co_await addresses.get(deadline);
    if (!endpoints) co_return fail(endpoints.error());
    const NetError unreached = co_await reach(connection, std::move(*endpoints), deadline);
    if (connection.timed_out()) co_return fail(unsent("did not take the connection in time"));
    if (unreached) co_return fail(unsent("cannot be reached: " + unreached.message()));

    pool.watch(connection, deadline);
    const NetError refused = co_await connection.handshake();
    if (connection.timed_out()) co_return fail(unsent("did not finish the TLS handshake in time"));
    if (refused) co_return fail(unsent("could not agree on TLS: " + refused.message()));
    co_return Result<void>();
}

Task<Result<OutboundReply>> HttpClient::State::receive(Lease& lease) {
    Connection& connection = lease.connection();
    AnswerReader& reader = connection.answer();
    reader.restart();
    while (true) {
        std::tuple<NetError, std::size_t> came;
        if (connection.is_tls()) {
            came = co_await connection.read_tls(reader.space());
        } else {
            came = co_await connection.read_plain(reader.space());
        }
        const auto [error, count] = came;
        reader.take_in(count);
        auto state = reader.read();
        if (state == AnswerReader::State::more && error == asio::error::eof) state = reader.end();
        if (state == AnswerReader::State::more && error) co_return fail(cut(connection, reader.begun()));
        if (state == AnswerReader::State::more) continue;
        if (state == AnswerReader::State::unreadable)
            co_return fail(Code::unreadable_answer,
                           "the answer of " + origin.authority + " cannot be read: " + std::string(reader.trouble()));
        if (!error && reader.keeps_connection()) lease.keep();
        co_return reader.take(runtime.clock.wall());
    }
}

Task<Result<OutboundReply>> HttpClient::exchange(OutboundRequest request) {
    const auto state = state_;  // the client may go while we wait
    if (is_unfit(request)) co_return fail(state->unsent("was not called: a header or the path holds a control character"));
    const std::string wire = state->to_wire(request);

    while (true) {
        if (state->runtime.clock.steady() >= request.deadline)
            co_return fail(state->unsent("was not called: no time was left"));
        Lease lease = state->pool.take();
        if (!lease) lease = co_await state->pool.acquire(request.deadline);
        if (!lease) co_return fail(state->unsent("was not called: no connection came free in time"));

        Connection& connection = lease.connection();
        const bool reused = connection.is_open();
        if (!reused) {
            auto opened = co_await state->open(connection, request.deadline);
            if (!opened) co_return fail(opened.error());
        }
        state->pool.watch(connection, request.deadline);
        connection.in_exchange = true;
        auto written = connection.write_now(wire);
        if (!written.error && written.count < wire.size()) written = co_await connection.write_rest(wire, written);
        if (written.error && written.nothing) {
            if (reused && !connection.timed_out() && written.error != asio::error::operation_aborted) continue;
            co_return fail(state->unsent("closed the connection"));
        }
        if (written.error) co_return fail(state->cut(connection, false));
        co_return co_await state->receive(lease);
    }
}

}  // namespace tollgate
