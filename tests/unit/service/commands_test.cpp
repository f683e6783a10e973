#include "service/commands.hpp"

#include <sys/wait.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <sstream>

#include "config_support.hpp"
#include "service/key_hash.hpp"

using namespace tollgate;

namespace {

struct Ended {
    int status = -1;
    std::string output;  // both streams, unless the command line says otherwise
};

Ended run(const std::string& arguments) {
    Ended ended;
    std::FILE* pipe = ::popen((std::string(TOLLGATE_BINARY) + " " + arguments + " 2>&1").c_str(), "r");
    REQUIRE(pipe);
    std::array<char, 4096> buffer;
    while (auto count = std::fread(buffer.data(), 1, buffer.size(), pipe)) ended.output.append(buffer.data(), count);
    ended.status = WEXITSTATUS(::pclose(pipe));
    return ended;
}

}  // namespace

TEST_CASE("a usage error is exit 2 and one plain sentence") {
    for (auto arguments :
         {"", "chrage", "serve --listn 1", "check-config --config", "reconcile", "reconcile --date 2026-02-30",
          "reconcile --date tomorrow", "sandbox --listen 8090", "demo --url nowhere", "health --url nowhere", "audit",
          "audit verfy", "audit export", "audit export --date 2026-02-30", "audit verify --config none.toml", "hash-key now"}) {
        auto ended = run(arguments);
        INFO(arguments << ": " << ended.output);
        CHECK(ended.status == 2);
        CHECK(ended.output.starts_with("tollgate: "));
        CHECK(std::ranges::count(ended.output, '\n') == 1);
    }
    CHECK(run("srve").output.find("did you mean serve?") != std::string::npos);
}

TEST_CASE("help and version are no errors") {
    CHECK(run("--help").status == 0);
    CHECK(run("serve --help").output.find("--config") != std::string::npos);
    CHECK(run("--version").output == TOLLGATE_VERSION "\n");
}

TEST_CASE("serve with a wrong configuration is exit 2, with the place of the first problem and the number of the others") {
    Folder folder;
    auto path = folder.write("t.toml", "[server]\nlisten = \"0.0.0.0:1\"\nthreads = \"x\"\n");
    auto ended = run("serve --config " + path);
    INFO(ended.output);
    CHECK(ended.status == 2);
    CHECK(ended.output.find(path + ":2: server.listen") != std::string::npos);
    CHECK(ended.output.find("and 1 more") != std::string::npos);
    CHECK(std::ranges::count(ended.output, '\n') == 1);
}

TEST_CASE("check-config prints what is in force, or every problem with exit 2") {
    Folder folder;
    auto good = folder.write("good.toml", "[log]\nlevel = \"debug\"\n");
    auto ended = run("check-config --config " + good + " 2>/dev/null");
    CHECK(ended.status == 0);
    CHECK(ended.output.find("level = \"debug\"") != std::string::npos);

    auto bad = folder.write("bad.toml", "[log]\nlevel = \"loud\"\nformt = \"json\"\n");
    ended = run("check-config --config " + bad);
    INFO(ended.output);
    CHECK(ended.status == 2);
    CHECK(ended.output.find(bad + ":2: log.level must be one of") != std::string::npos);
    CHECK(ended.output.find(bad + ":3: log.formt is not a known key; did you mean format?") != std::string::npos);
}

TEST_CASE("an unknown variable of Tollgate is an error") {
    std::ostringstream out;
    std::ostringstream err;
    CHECK(check_config(std::nullopt, {{"TOLLGATE_LOG_LEVLE", "info"}}, out, err) == 2);
    CHECK(err.str().find("environment: TOLLGATE_LOG_LEVLE") == 0);
    CHECK(out.str().empty());
}

TEST_CASE("hash-key prints a hash that the key matches") {
    for (auto ending : {"", "\n", "\r\n"}) {
        std::istringstream in(std::string("a-long-enough-api-key") + ending);
        std::ostringstream out;
        std::ostringstream err;
        REQUIRE(hash_key(in, out, err) == 0);
        auto hash = out.str();
        REQUIRE(hash.ends_with("\n"));
        hash.pop_back();
        CHECK(matches_key_hash(hash, "a-long-enough-api-key"));
        CHECK(err.str().empty());
    }
}

TEST_CASE("hash-key refuses what is no key, in one sentence that does not repeat it") {
    for (auto text : {std::string("\n"), std::string("short-key\n"), std::string("key-one-0123456789\nkey-two-0123456789\n"),
                      std::string(100'000, 'k')}) {
        std::istringstream in(text);
        std::ostringstream out;
        std::ostringstream err;
        CHECK(hash_key(in, out, err) == 2);
        CHECK(out.str().empty());
        CHECK(err.str().starts_with("tollgate: the key "));
        CHECK(err.str().find("key-o") == std::string::npos);
        CHECK(std::ranges::count(err.str(), '\n') == 1);
    }
}
