#include "service/process.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <thread>

#include "redaction/redact.hpp"

namespace tollgate {

std::vector<std::unique_ptr<Loop>> make_loops(std::size_t count) {
    std::vector<std::unique_ptr<Loop>> loops;
    while (loops.size() < count) loops.push_back(std::make_unique<Loop>());
    return loops;
}

void run_loops(std::vector<std::unique_ptr<Loop>>& loops) {
    std::vector<std::jthread> threads;
    std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards;
    for (const auto& loop : loops) guards.push_back(asio::make_work_guard(loop->io));
    for (std::size_t i = 1; i < loops.size(); ++i) threads.emplace_back([&io = loops[i]->io] { io.run(); });
    loops.front()->io.run();
}

void harden_process() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    std::signal(SIGPIPE, SIG_IGN);
}

Result<std::vector<http::Acceptor>> open_listeners(std::vector<std::unique_ptr<Loop>>& loops, const std::string& address) {
    const auto endpoint = http::parse_endpoint(address);
    if (!endpoint) return fail(endpoint.error());
    std::vector<http::Acceptor> acceptors;
    for (const auto& loop : loops) {
        auto acceptor =
            acceptors.empty() ? http::listen_first(loop->io, *endpoint) : http::listen_again(loop->io, acceptors.front());
        if (!acceptor) return fail(std::move(acceptor.error()));
        acceptors.push_back(std::move(*acceptor));
    }
    return acceptors;
}

void announce(const http::Endpoint& address) {
    const std::string line = "listening on " + http::to_string(address) + "\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

std::string in_last_words(std::string_view sentence) {
    return "tollgate: " + redact(sentence) + "\n";
}

int say(std::string_view sentence, int code) {
    std::cerr << in_last_words(sentence) << std::flush;
    return code;
}

}  // namespace tollgate
