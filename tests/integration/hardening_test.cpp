// What the memory of a process holds does not get out when it dies, and no web page makes its operator's browser act.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "integration/shop.hpp"
#include "service/process.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

/// Lets a process leave as large a core as it may.
const std::vector<std::string> with_core_dumps{"sh", "-c", R"sh(ulimit -c "$(ulimit -H -c)"; exec "$0" "$@")sh"};

/// A line of a file of /proc, its spaces as one each.
std::string line_of(pid_t pid, const std::string& file, const std::string& beginning) {
    std::istringstream in(content_of("/proc/" + std::to_string(pid) + "/" + file));
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with(beginning)) continue;
        std::istringstream words(line);
        std::string single;
        for (std::string word; words >> word;) single += (single.empty() ? "" : " ") + word;
        return single;
    }
    return {};
}

void dies_without_a_core(const std::vector<std::string>& arguments, int signal) {
    const Folder folder;
    Program program({.arguments = arguments,
                     .variables = {{"TOLLGATE_SERVER_LISTEN", "127.0.0.1:0"}},
                     .folder = folder.path(),
                     .before = with_core_dumps});
    INFO(program.said());
    REQUIRE(program.listening());
    CHECK(line_of(program.pid(), "limits", "Max core file size") == "Max core file size 0 0 bytes");
    CHECK(line_of(program.pid(), "status", "NoNewPrivs:") == "NoNewPrivs: 1");
    program.signal(signal);
    CHECK(program.wait() != 0);
    CHECK_FALSE(program.dumped_core());
    for (const auto& file : std::filesystem::directory_iterator(folder.path()))
        CHECK(file.path().filename().string().find("core") == std::string::npos);
}

}  // namespace

TEST_CASE("a service that crashes leaves no core dump, whatever its shell allows") {
    dies_without_a_core({"serve"}, SIGSEGV);
    dies_without_a_core({"serve"}, SIGABRT);
}

TEST_CASE("a sandbox that crashes leaves no core dump either") {
    dies_without_a_core({"sandbox", "--listen", "127.0.0.1:0"}, SIGQUIT);
}

TEST_CASE("a hardened process can be dumped by no handler and gains no rights") {
    const pid_t child = fork();
    if (child == 0) {
        harden_process();
        rlimit core{1, 1};
        getrlimit(RLIMIT_CORE, &core);
        const bool tight = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
                           core.rlim_cur == 0 && core.rlim_max == 0;
        _exit(tight ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

TEST_CASE("without keys a page of another origin cannot make the operator's browser act, and the service's own page can") {
    const Shop shop;
    const std::string id = must(shop.charge("key-1")).text("id");
    Call refund{.method = "POST", .path = "/admin/charges/" + id + "/refund", .key = "key-2"};
    const Call retry{.method = "POST", .path = "/admin/sagas/" + id + "/retry"};
    for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"Origin", "https://evil.example"},
                                                                                      {"Origin", "null"},
                                                                                      {"Sec-Fetch-Site", "cross-site"},
                                                                                      {"Sec-Fetch-Site", "same-site"}}) {
        INFO(name << ": " << value);
        for (Call call : {refund, retry}) {
            call.headers[name] = value;
            check_problem(must(request(shop.port(), call)), 403, "forbidden");
        }
    }
    CHECK(shop.get("/charge/" + id).text("amount_refunded") == "0");
    CHECK(shop.effects() == "reserve authorize capture ship");
    refund.headers = {{"Sec-Fetch-Site", "same-origin"}};
    CHECK(must(request(shop.port(), refund)).status == 200);
    CHECK(shop.get("/charge/" + id).text("amount_refunded") == "4999");
}

TEST_CASE("without keys a page whose name was made to lead here reads nothing of operators and changes nothing") {
    const Shop shop;
    const std::string id = must(shop.charge("key-1")).text("id");
    const auto ask = [&](const std::string& line, const std::string& host, const std::string& more = "") {
        const Connection connection(shop.port());
        REQUIRE(connection.send(line + " HTTP/1.1\r\nHost: " + host + "\r\nIdempotency-Key: key-2\r\nContent-Length: 0\r\n" +
                                more + "\r\n"));
        return must(connection.read());
    };
    const std::string origin = "Origin: http://evil.example:8080\r\n";
    for (const std::string line : {"GET /admin/attention", "GET /admin/charges?q=ord_1", "GET /metrics"}) {
        INFO(line);
        check_problem(ask(line, "evil.example:8080"), 403, "forbidden");
        CHECK(ask(line, "localhost:8080").status == 200);
    }
    const std::string operators_refund = "POST /admin/charges/" + id + "/refund";
    check_problem(ask(operators_refund, "evil.example:8080", origin), 403, "forbidden");
    check_problem(ask("POST /charge/" + id + "/refund", "evil.example:8080", origin), 403, "forbidden");
    CHECK(shop.get("/charge/" + id).text("amount_refunded") == "0");
    CHECK(ask("GET /health", "evil.example:8080", origin).status == 200);
    CHECK(ask(operators_refund, "127.0.0.1:8080").status == 200);
}
