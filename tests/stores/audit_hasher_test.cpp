#include <catch2/catch.hpp>

#include "audit_records.hpp"

using namespace tollgate;
using namespace tollgate::test;

namespace {

std::string hex_of(const AuditHash& hash) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : hash) text.append({digits[byte >> 4], digits[byte & 15]});
    return text;
}

/// A record whose encoding, behind a hash of zeros and the number 1, is known.
const AuditRecord plain{
    .at = WallTime(Milliseconds(1)), .who = "a", .what = "b", .outcome = "c", .origin = "", .charge_id = "", .request_id = ""};

}  // namespace

TEST_CASE("an audit hash is the SHA-256 of its record, or the HMAC of RFC 2104 under a key") {
    // From Python's hashlib and hmac over 32 zero bytes, the number 1, the time 1 and "a", "b", "c", "", "", "" behind their
    // lengths, all numbers of eight bytes.
    CHECK(hex_of(AuditHasher("").next({}, 1, plain)) == "490b51d0d68c8d78f70f859fa5c05da2711047934bad10148a2bbbeed6f55219");
    CHECK(hex_of(AuditHasher("0123456789abcdef").next({}, 1, plain)) ==
          "522a8643922dd15fad439c28b741f972fb70e14d98e7c368365ad4f8059b4e13");
}

TEST_CASE("a kept hasher says the same however often it was asked") {
    AuditHasher hasher(old_key);
    const AuditHash first = hasher.next({}, 1, plain);
    (void)hasher.seal(first, 1);
    (void)hasher.next(first, 2, plain);
    CHECK(hasher.next({}, 1, plain) == first);
    CHECK(AuditHasher(old_key).next({}, 1, plain) == first);
    CHECK(AuditHasher(new_key).next({}, 1, plain) != first);
}

TEST_CASE("records that share their bytes but not their fields have different hashes") {
    AuditHasher hasher("");
    AuditRecord one = audit_record("201");
    AuditRecord other = one;
    one.who = "ab";
    one.what = "c";
    other.who = "a";
    other.what = "bc";
    CHECK(hasher.next({}, 1, one) != hasher.next({}, 1, other));
    CHECK(hasher.next({}, 1, one) == hasher.next({}, 1, one));
    CHECK(hasher.next({}, 1, one) != hasher.next({}, 2, one));
}
