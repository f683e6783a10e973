#include <boost/asio/io_context.hpp>
#include <optional>
#include <ostream>

#include "core/time.hpp"
#include "net/http_client.hpp"
#include "redaction/redact.hpp"
#include "service/commands.hpp"

namespace tollgate {
namespace {

constexpr std::chrono::seconds patience{5};

/// "http://host:port" and "/path?query".
std::pair<std::string, std::string> split(const std::string& url) {
    auto slash = url.find_first_of("/?", url.find("://") + 3);
    if (slash == std::string::npos) return {url, "/"};
    auto path = url.substr(slash);
    return {url.substr(0, slash), path.starts_with('/') ? path : "/" + path};
}

Task<void> ask(HttpClient& client, std::string path, SteadyTime deadline, std::optional<Result<OutboundReply>>& reply) {
    OutboundRequest request{};
    request.method = "GET";
    request.path = std::move(path);
    request.deadline = deadline;
    reply = co_await client.exchange(std::move(request));
}

}  // namespace

int health(const std::string& url, std::ostream& err) {
    asio::io_context io(1);
    SystemClock clock;
    SystemRandom random;
    AsioTimers timers(io.get_executor());
    Runtime runtime{io.get_executor(), clock, random, timers};
    auto [origin, path] = split(url);
    auto client = HttpClient::make(runtime, origin);
    if (!client) {
        err << "tollgate: " << redact(client.error().detail) << "\n";
        return 1;
    }
    std::optional<Result<OutboundReply>> reply;
    const auto deadline = clock.steady() + patience;
    spawn(io.get_executor(), ask(**client, path, deadline, reply));
    // The client sweeps deadlines in the background, so the loop would not end by itself.
    const auto end = deadline + std::chrono::seconds{1};
    while (!reply && clock.steady() < end) io.run_one_until(end);
    if (reply && *reply && (*reply)->status == 200) return 0;
    std::string why = "no answer in time";
    if (reply) why = *reply ? "status " + std::to_string((*reply)->status) : reply->error().detail;
    err << "tollgate: not ready: " << redact(why) << "\n";
    return 1;
}

}  // namespace tollgate
