// A disk that fills up under the service, and has room again.
#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "integration/shop.hpp"

using namespace tollgate::test;

namespace {

/// A file system of one megabyte; not there when this user may not mount.
class SmallDisk {
public:
    SmallDisk() : mounted_(mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=1m") == 0), why_(errno) {}
    ~SmallDisk() {
        if (mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    [[nodiscard]] bool mounted() const noexcept { return mounted_; }
    [[nodiscard]] std::string why() const { return std::strerror(why_); }
    [[nodiscard]] const Folder& folder() const noexcept { return folder_; }

    /// To the last byte.
    void fill() const {
        std::ofstream filler(folder_.path() + "/filler", std::ios::binary);
        while (filler.put('x').flush()) {
            filler << std::string(4096, 'x');
        }
    }
    void make_room() const { std::filesystem::remove(folder_.path() + "/filler"); }

private:
    Folder folder_;
    bool mounted_;
    int why_;
};

}  // namespace

TEST_CASE("on a full disk charges are 503 and charge nothing, reads go on, and room on it ends the trouble") {
    const SmallDisk disk;
    if (!disk.mounted()) {
        WARN("skipped: a small disk could not be mounted (" << disk.why() << "); run as root to see this test");
        return;
    }
    const auto sandbox = start_sandbox();
    const auto service = start_service(service_settings(disk.folder(), sandbox->url()));
    const auto get = [&](const std::string& path) { return must(request(service->port(), {.path = path})); };
    const Reply before = must(charge(service->port(), "key-before", {.id = "ord_before"}));
    REQUIRE(before.status == 201);

    disk.fill();
    // What room there is in the files already fills up, and then no charge is taken.
    Reply refused;
    int number = 0;
    const auto next = [&] { return "ord_" + std::to_string(number); };
    do {
        REQUIRE(++number < 2000);
        refused = must(charge(service->port(), "key-" + next(), {.id = next()}));
    } while (refused.status == 201);
    check_problem(refused, 503, "store_unavailable");
    CHECK(refused.text("retriable") == "true");
    CHECK(refused.headers.contains("retry-after"));
    CHECK(eventually([&] { return get("/health/ready").status == 503; }));
    const Reply health = get("/health");
    CHECK(health.status == 503);
    CHECK(health.text("status") == "fail");
    CHECK(body_of(health).at("checks").at("store").at(0).at("status") == "fail");
    CHECK(get("/health/live").status == 200);
    CHECK(get("/charge/" + before.text("id")).status == 200);
    CHECK(get("/charge?order_id=ord_before").status == 200);

    disk.make_room();
    CHECK(eventually([&] { return get("/health/ready").status == 200; }));
    CHECK(settled_charge(service->port(), "key-" + next(), {.id = next()}).status == 201);
    CHECK(effects(sandbox->port(), next()) == "reserve authorize capture ship");
    CHECK(must(charge(service->port(), "key-before", {.id = "ord_before"})).body == before.body);
}
