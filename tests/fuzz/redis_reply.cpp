// What a Redis server sends (RESP2): read at once or piece by piece, it is the same, and whatever it is asked for it answers.
#include <map>

#include "fuzz/support/fuzz.hpp"
#include "net/redis/errors.hpp"
#include "net/redis/reply.hpp"
#include "payments/charge.hpp"
#include "stores/redis/rows.hpp"

namespace tollgate::fuzz {
namespace {

using redis::Reply;
using redis::ReplyView;

/// All of a reply in words, every accessor asked.
void describe(ReplyView reply, std::string& out) {
    const int kinds = int{reply.is_nil()} + int{reply.is_error()} + int{reply.is_array()};
    expect(kinds <= 1, "a reply is of one kind");
    expect(reply.is_array() || reply.size() == 0, "only an array has elements");
    expect(reply[reply.size()].is_nil(), "beyond the end there is nothing");
    out += reply.is_nil() ? "nil" : reply.is_error() ? "error" : reply.is_array() ? "array" : "value";
    out += " " + std::to_string(reply.integer()) + " " + std::string(reply.text()) + "(";
    for (std::size_t i = 0; i < reply.size(); ++i) describe(reply[i], out);
    out += ")";
    if (reply.is_error()) {
        const auto kind = redis::kind_of(reply.text());
        const bool harmless = redis::execution_of(kind) == Execution::not_executed;
        expect(harmless == (kind != redis::ErrorKind::other), "only errors that are known say that nothing was executed");
        expect(reply.text().starts_with(redis::without_our_words(reply.text())), "an error is told from its beginning");
    }
}

void read_as_rows(ReplyView reply) {
    const auto stored = redis::read_row("ch_aaaaaaaaaaaaaaaaaaaaaa", reply);
    expect(charge_status_from(name(stored.row.status)) == stored.row.status, "every row has a status");
    if (const auto charge = from_state(stored.row)) expect(from_state(stored.row).has_value(), "a row is read twice alike");
    for (const LedgerEntry& entry : redis::read_ledger(reply)) {
        const std::string again = redis::ledger_value(entry, WallTime{});
        expect(again.starts_with(std::to_string(entry.amount)), "an entry's amount is written as it was read");
    }
}

/// Every reply in words, until the stream ends or cannot be read.
std::string read(const std::vector<std::string_view>& pieces) {
    const redis::Reader reader = redis::make_reader();
    std::string all;
    for (const std::string_view piece : pieces) {
        redisReaderFeed(reader.get(), piece.data(), piece.size());
        while (true) {
            void* got = nullptr;
            if (redisReaderGetReply(reader.get(), &got) != REDIS_OK) return all + "unreadable";
            if (got == nullptr) break;
            const Reply reply(static_cast<redisReply*>(got));
            describe(reply, all);
            read_as_rows(reply);
            all += "\n";
        }
    }
    return all;
}

}  // namespace

void judge(std::string_view bytes) {
    expect(read({bytes}) == read(pieces_of(bytes)), "replies in pieces are read like whole ones");
}

}  // namespace tollgate::fuzz
