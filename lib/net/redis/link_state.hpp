#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "async/deadlines.hpp"
#include "async/one_shot.hpp"
#include "net/redis/link.hpp"
#include "net/redis/stream.hpp"

/// What a link is made of; only link*.cpp include this.
namespace tollgate::redis {

/// A command and the coroutine that waits for its reply. It lives in that coroutine's frame.
struct Link::Waiting final : Deadline {
    Waiting(State& owner, std::string_view bytes, unsigned count) : link(&owner), wire(bytes), commands(count) {}
    ~Waiting() override;
    void expire() noexcept override;

    State* link;  // none: the link knows it no longer
    std::string_view wire;
    unsigned commands;
    std::optional<Answer> answer;
    std::optional<asio::any_completion_handler<void()>> handler;  // only ever move-constructed: see floors.md, traps
    asio::cancellation_slot slot;
};

/// Why there is no connection.
struct Trouble {
    std::string why;  // empty: there is one
    bool settings_at_fault = false;
};

struct Link::State : std::enable_shared_from_this<Link::State> {
    State(const Runtime& borrowed, LinkOptions chosen);

    /// Keeps the connection up until the link goes.
    static Task<void> run(std::shared_ptr<State> self);
    void shut() noexcept;

    /// Puts a command on the wire, or in the queue for it.
    void submit(Waiting& waiting, SteadyTime deadline);
    void late(Waiting& waiting) noexcept;
    void cancel(Waiting& waiting) noexcept;
    void leave(Waiting& waiting) noexcept;

    /// The connection is lost or given up: everything on it ends here.
    void fall(const std::string& why);

    [[nodiscard]] bool is_full(std::size_t more_bytes) const noexcept;
    [[nodiscard]] bool refuses_at_once() const;
    [[nodiscard]] bool stalls() const;
    [[nodiscard]] Failure failure() const;

    const Runtime& runtime;
    const LinkOptions options;
    bool up = false;
    std::vector<std::weak_ptr<OneShot<bool>>> bells;  // of those who wait for a connection or for our settings' fault

private:
    /// What the server owes us, in the order of the wire: a reply, or several of which the last counts, or WAIT's.
    struct Owed {
        Waiting* waiting = nullptr;  // none: it has left, or this is WAIT's
        unsigned replies = 1;
        std::uint64_t begins_at = 0;  // the command's first byte among all of this connection
        SteadyTime since{};           // when it was put there
        bool is_wait = false;
    };

    Task<Trouble> open(std::shared_ptr<Stream> fresh);
    Task<Trouble> log_in(std::shared_ptr<Stream> fresh);
    Task<Reply> read_one(std::shared_ptr<Stream> fresh, NetError& error);
    Task<std::string> read_replies(std::shared_ptr<Stream> open);
    void came_up();
    void stays_down(Trouble why);
    void ring(bool now_up);

    void put(Waiting& waiting);
    void flush_soon();
    void flush();
    static Task<void> write_rest(std::shared_ptr<State> self, std::shared_ptr<Stream> open, std::string bytes);
    bool take_in(std::size_t count, std::string& trouble);
    void take_reply(Reply reply);
    void release_held(std::int64_t replicas);
    static void resume(Waiting& waiting, Answer answer);
    static void let_go(Waiting& waiting) noexcept;

    const std::string wait_wire_;
    Deadlines deadlines_;
    std::unique_ptr<Timer> pause_;
    bool shut_ = false;
    std::string server_ = "Redis";
    Trouble trouble_{"there is no connection yet"};
    SteadyTime down_since_;

    std::shared_ptr<Stream> stream_;
    Reader reader_;
    std::deque<Waiting*> queue_;                         // not on the wire, for there is none
    std::deque<Owed> owed_;                              // on the wire
    std::vector<Waiting*> held_;                         // answered; until WAIT is
    std::deque<std::pair<Waiting*, Execution>> fallen_;  // of a lost connection, about to be told
    std::string out_;                                    // to be written
    bool writing_ = false;                               // `write_rest` is at work
    std::uint64_t put_ = 0;                              // bytes of this connection so far
    std::uint64_t seen_ = 0;                             // of them, that the server may have got
    std::size_t unwaited_ = 0;                           // commands since the last WAIT
    std::size_t bytes_ = 0;                              // of all commands that wait
    bool flush_posted_ = false;
    std::vector<char> space_;
};

}  // namespace tollgate::redis
