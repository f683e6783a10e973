// The bytes of an answer from outside: read at once or piece by piece, it is the same answer.
#include <algorithm>

#include "fuzz/support/fuzz.hpp"
#include "net/answer_reader.hpp"

namespace tollgate::fuzz {
namespace {

using State = AnswerReader::State;

struct Reading {
    State state = State::more;
    OutboundReply reply;
};

Reading read(const std::vector<std::string_view>& pieces) {
    AnswerReader reader;
    Reading reading;
    for (std::string_view piece : pieces) {
        while (!piece.empty() && reading.state == State::more) {
            const auto space = reader.space();
            expect(!space.empty(), "there is room while more is wanted");
            const std::size_t count = std::min(space.size(), piece.size());
            std::copy_n(piece.data(), count, space.data());
            reader.take_in(count);
            piece.remove_prefix(count);
            reading.state = reader.read();
        }
    }
    if (reading.state == State::more) reading.state = reader.end();
    expect((reading.state == State::unreadable) == !reader.trouble().empty(), "what is unreadable has a reason");
    if (reading.state == State::whole) reading.reply = reader.take(WallTime(Milliseconds(1'795'341'600'000)));
    return reading;
}

}  // namespace

void judge(std::string_view bytes) {
    const Reading whole = read({bytes});
    const Reading pieces = read(pieces_of(bytes));
    // A head that never ends may show its fault early or late: either way the outcome is unknown.
    expect((whole.state == State::whole) == (pieces.state == State::whole), "an answer in pieces is read like a whole one");
    expect(whole.reply.status == pieces.reply.status && whole.reply.body == pieces.reply.body &&
               whole.reply.retry_after == pieces.reply.retry_after,
           "an answer in pieces says the same");
    if (whole.state != State::whole) return;
    expect(whole.reply.status >= 200 && whole.reply.status <= 999, "an answer has a final status");
    expect(whole.reply.body.size() <= bytes.size(), "a body came with the bytes");
}

}  // namespace tollgate::fuzz
