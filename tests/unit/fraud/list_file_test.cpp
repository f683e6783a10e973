#include "fraud/list_file.hpp"

#include <sys/stat.h>

#include "support.hpp"
#include "support/folder.hpp"

using namespace tollgate;
using namespace tollgate::test;
using fraud::Entries;
using fraud::ListFile;

namespace {

std::shared_ptr<const Entries> parsed(const std::string& text) {
    auto entries = Entries::parse(text);
    REQUIRE(entries);
    return *entries;
}

std::string refusal(const std::string& text) {
    const auto entries = Entries::parse(text);
    return entries ? "" : entries.error();
}

std::string why(const std::optional<fraud::Reread>& reread) {
    return reread ? reread->why : "nothing was told";
}

}  // namespace

TEST_CASE("a list holds one entry a line, without comments, blank lines and what stands around") {
    const auto list = parsed(
        "\xEF\xBB\xBF"
        "first\r\n\n# a comment\n  \t \n\t eve@example.com \r\n  # another\ncus_1");
    CHECK(list->size() == 3);
    for (const auto* entry : {"first", "eve@example.com", "cus_1"}) CHECK(list->has(entry));
    for (const auto* other : {"", "# a comment", "cus_", "cus_12", "FIRST", " first"}) CHECK_FALSE(list->has(other));
    CHECK(parsed("")->size() == 0);
    CHECK(parsed("a\na\na\n")->size() == 1);
}

TEST_CASE("an entry is found with and without case") {
    const auto list = parsed("Eve@Example.com\nzoe@example.com\nbob@example.com\neve@example.com\n");
    CHECK(list->has_without_case("EVE@example.COM"));
    CHECK(list->has_without_case("Bob@example.com"));
    CHECK(list->has("Eve@Example.com"));
    CHECK(list->has("eve@example.com"));
    CHECK_FALSE(list->has("EVE@example.com"));
    CHECK_FALSE(list->has_without_case("mallory@example.com"));
}

TEST_CASE("a list is bounded, and the line beyond a bound is named") {
    const std::string longest(Entries::line_bytes_max, 'x');
    CHECK(parsed("a\n" + longest + "\nb")->has(longest));
    CHECK(refusal("a\n" + longest + "x\nb").find("line 2") != std::string::npos);
    std::string many;
    for (std::size_t i = 0; i < Entries::count_max; ++i) many += "a\n";
    CHECK(refusal(many).empty());
    CHECK(refusal(many + "one more").find("1,000,000") != std::string::npos);
}

TEST_CASE("a blocklist's file blocks an email without case, and a customer, country or payment method exactly") {
    const Folder folder;
    const auto rule = rule_of("blocklist", {{"file", folder.write("list", "Eve@Example.com\ncus_9\nKP\ntok_x\n")}});
    CHECK(judge(*rule, Order()).detail.find("could not be read yet") != std::string::npos);
    const auto reread = rule->look();
    REQUIRE(reread);
    CHECK(reread->why.empty());
    CHECK(reread->entries == 4);
    Order mail, customer, country, method, loud;
    mail.customer.email = "eve@EXAMPLE.com";
    customer.customer.id = "cus_9";
    country.customer.country = "KP";
    method.payment_method = "tok_x";
    loud.customer.id = "CUS_9";
    for (const Order* one : {&mail, &customer, &country, &method}) CHECK(judge(*rule, *one).hit);
    CHECK_FALSE(judge(*rule, Order()).hit);
    CHECK_FALSE(judge(*rule, loud).hit);
    CHECK(judge(*rule, Order()).detail == "not on the list");
}

TEST_CASE("a list is read once for every version of its file") {
    const Folder folder;
    ListFile file(folder.write("list", "a\n"));
    CHECK_FALSE(file.entries());
    CHECK(why(file.look()).empty());
    CHECK(why(file.look()) == "nothing was told");
    folder.write("list", "a\nb\n");
    const auto reread = file.look();
    REQUIRE(reread);
    CHECK(reread->entries == 2);
    CHECK(file.entries()->has("b"));
}

TEST_CASE("a new file renamed over the old one is seen though size and time are the same") {
    const Folder folder;
    const auto path = folder.write("list", "a\n");
    ListFile file(path);
    CHECK(why(file.look()).empty());
    const auto replacement = folder.write("new", "b\n");
    std::filesystem::last_write_time(replacement, std::filesystem::last_write_time(path));
    std::filesystem::rename(replacement, path);
    CHECK(why(file.look()).empty());
    CHECK(file.entries()->has("b"));
    CHECK_FALSE(file.entries()->has("a"));
}

TEST_CASE("a file that is written where it is and given its old time is seen") {
    const Folder folder;
    const auto path = folder.write("list", "a\n");
    const auto time = std::filesystem::last_write_time(path);
    ListFile file(path);
    CHECK(why(file.look()).empty());
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    do {  // until the file system's clock has moved
        folder.write("list", "b\n");
        std::filesystem::last_write_time(path, time);
    } while (!file.look() && std::chrono::steady_clock::now() < deadline);
    CHECK(file.entries()->has("b"));
}

TEST_CASE("a symbolic link that turns to another folder is seen, as Kubernetes swaps its volumes") {
    const Folder folder;
    std::filesystem::create_directory(folder.at("v1"));
    std::filesystem::create_directory(folder.at("v2"));
    folder.write("v1/list", "a\n");
    folder.write("v2/list", "b\n");
    std::filesystem::create_symlink("v1", folder.at("..data"));
    std::filesystem::create_symlink("..data/list", folder.at("list"));
    ListFile file(folder.at("list"));
    CHECK(why(file.look()).empty());
    CHECK(file.entries()->has("a"));
    std::filesystem::create_symlink("v2", folder.at("..new"));
    std::filesystem::rename(folder.at("..new"), folder.at("..data"));
    CHECK(why(file.look()).empty());
    CHECK(file.entries()->has("b"));
}

TEST_CASE("a file that is gone or beyond a bound leaves the last good list in force, and is told once") {
    const Folder folder;
    const auto path = folder.write("list", "eve@example.com\n");
    ListFile file(path);
    CHECK(why(file.look()).empty());

    std::filesystem::remove(path);
    CHECK(why(file.look()).find("No such file") != std::string::npos);
    CHECK(why(file.look()) == "nothing was told");
    CHECK(file.entries()->has("eve@example.com"));

    folder.write("list", std::string(2000, 'x'));
    CHECK(why(file.look()).find("line 1") != std::string::npos);
    CHECK(why(file.look()) == "nothing was told");
    folder.write("list", std::string(2001, 'x'));
    CHECK(why(file.look()).find("line 1") != std::string::npos);
    CHECK(file.entries()->has("eve@example.com"));

    folder.write("list", "bob@example.com\n");
    CHECK(why(file.look()).empty());
    CHECK(file.entries()->has("bob@example.com"));
    CHECK_FALSE(file.entries()->has("eve@example.com"));
}

TEST_CASE("a file that comes back as it was is told again, as is its next absence") {
    const Folder folder;
    std::filesystem::create_directory(folder.at("mount"));
    ListFile file(folder.write("mount/list", "a\n"));
    CHECK(why(file.look()).empty());
    for (int i = 0; i < 2; ++i) {
        std::filesystem::rename(folder.at("mount"), folder.at("away"));
        CHECK(why(file.look()).find("No such file") != std::string::npos);
        std::filesystem::rename(folder.at("away"), folder.at("mount"));
        CHECK(why(file.look()).empty());
    }
    CHECK(file.entries()->has("a"));
}

TEST_CASE("what is no list in a file is refused without waiting for it") {
    const Folder folder;
    CHECK(ListFile::problem(folder.at("")) == "is a folder, not a file");
    REQUIRE(::mkfifo(folder.at("pipe").c_str(), 0600) == 0);
    CHECK(ListFile::problem(folder.at("pipe")) == "is no regular file");
    CHECK(ListFile::problem(folder.at("missing")) == "cannot be read: No such file or directory");
    folder.write("huge", "");
    std::filesystem::resize_file(folder.at("huge"), ListFile::bytes_max + 1);  // without a block on the disk
    CHECK(ListFile::problem(folder.at("huge")) == "is longer than 64 MiB");
    CHECK_FALSE(ListFile::problem(folder.write("good", "a\n")));
}
