#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <utility>

#include "gateway/sandbox/tokens.hpp"
#include "service/app.hpp"
#include "service/handlers/sandbox.hpp"
#include "service/http/server.hpp"
#include "service/process.hpp"

namespace tollgate {
namespace {

/// A quarter of a million checkouts: more than a shop sells on a day that it plays, in a gigabyte of memory once it is full.
constexpr std::size_t day_max = 1'000'000;

}  // namespace

int run_sandbox(std::string listen) {
    harden_process();
    http::Counters counters;  // the connections that are dropped with the loop still count themselves off
    auto loops = make_loops(1);
    Loop& loop = *loops.front();
    auto acceptors = open_listeners(loops, listen);
    if (!acceptors) return say(acceptors.error().detail);
    sandbox::World world(
        {.records_max = day_max, .public_url = "http://" + http::to_string(acceptors->front().local_endpoint())});
    sandbox::EphemeralTokenizer tokenizer;
    http::Router router;
    for (http::Route& route : sandbox_routes(loop.runtime, world, tokenizer)) router.add(std::move(route));
    announce(acceptors->front().local_endpoint());
    http::Options options;
    options.limits.max_body = 1'048'576;  // events that it sends are as large as a receiver may have to bear
    http::Server server(loop.runtime, std::move(acceptors->front()), std::move(router), std::move(options), counters);
    server.start();
    asio::signal_set signals(loop.io, SIGTERM, SIGINT);
    signals.async_wait([&loop](const boost::system::error_code&, int) { loop.io.stop(); });
    loop.io.run();
    return 0;
}

}  // namespace tollgate
