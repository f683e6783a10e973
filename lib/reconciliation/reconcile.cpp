#include "reconciliation/reconcile.hpp"

#include <utility>

#include "reconciliation/reconcile_run.hpp"

namespace tollgate::reconciliation {
namespace {

/// What the spool's thread does in one go: a fraction of a second.
constexpr std::size_t records_at_once = 20'000;
constexpr std::size_t handled_at_once = 256;
/// Whoever watches is told each time that so many more are done.
constexpr std::uint64_t told_every = 5000;

class SpooledFindings final : public Findings {
public:
    explicit SpooledFindings(std::unique_ptr<Spool> spool) : spool_(std::move(spool)) {}

    Result<std::vector<Discrepancy>> next(std::size_t most) override {
        auto some = spool_->kept(from_, most);
        if (some) from_ += some->size();
        return some;
    }

private:
    std::unique_ptr<Spool> spool_;
    std::uint64_t from_ = 0;
};

}  // namespace

Run::Run(const Runtime& runtime, Books books, std::chrono::sys_days day, Handle handle, Watch watch)
    : runtime_(runtime),
      books_(std::move(books)),
      handle_(std::move(handle)),
      watch_(std::move(watch)),
      tally_{.day = day},
      thread_(runtime, books_.own_thread) {}

Run::~Run() {
    if (spool_) spool_->interrupt();
}

Task<Result<Outcome>> Run::all() {
    auto spool = co_await thread_.run([] { return Spool::open(); });
    if (!spool) co_return fail(std::move(spool.error()));
    spool_ = std::move(*spool);
    if (auto compared = co_await compare(); !compared) co_return fail(std::move(compared.error()));
    if (auto acted = co_await act(); !acted) co_return fail(std::move(acted.error()));
    co_return Outcome{.tally = std::move(tally_), .findings = std::make_unique<SpooledFindings>(std::move(spool_))};
}

Task<Result<void>> Run::compare() {
    if (auto read = co_await read_ledger(); !read) co_return read;
    if (auto read = co_await read_gateway(tally_.day); !read) co_return read;
    if (auto looked = co_await look_first(); !looked) co_return looked;
    if (first_->looks().asks_neighbours()) {
        if (auto read = co_await read_neighbours(); !read) co_return read;
    }
    co_return co_await judge_open();
}

Task<Result<void>> Run::look_first() {
    first_.emplace(*spool_, tally_, books_.lists_disputes);
    const std::uint64_t total = ledger_records_ + gateway_records_;
    std::uint64_t done = 0;
    for (bool more = true; more;) {
        tell(Phase::compare, done, total);
        const auto some = co_await thread_.run([this] { return first_->go_on(records_at_once); });
        if (!some) co_return fail(some.error());
        done += *some;
        more = *some == records_at_once;
    }
    tally_.matched = tally_.total = first_->looks().matched;
    tell(Phase::compare, total, total);
    co_return Result<void>();
}

Task<Result<void>> Run::act() {
    const std::uint64_t total = tally_.discrepancies();
    for (std::uint64_t done = 0; done < total && handle_;) {
        tell(Phase::act, done, total);
        auto some = co_await thread_.run([this, done] { return spool_->kept(done, handled_at_once); });
        if (!some) co_return fail(std::move(some.error()));
        if (auto handled = co_await handle_(*some); !handled) co_return handled;
        const std::uint64_t from = std::exchange(done, done + some->size());
        auto noted = co_await thread_.run([this, from, found = std::move(*some)] { return spool_->note_actions(from, found); });
        if (!noted) co_return noted;
    }
    tell(Phase::act, total, total);
    co_return Result<void>();
}

void Run::tell(Phase phase, std::uint64_t done, std::uint64_t total) {
    if (!watch_) return;
    const bool news =
        !told_ || told_->phase != phase || done >= told_->done + told_every || (done == total && done != told_->done);
    if (!news) return;
    told_ = {.phase = phase, .done = done, .total = total};
    watch_(*told_);
}

Task<Result<Outcome>> reconcile(const Runtime& runtime, Books books, std::chrono::sys_days day, Handle handle, Watch watch) {
    Run run(runtime, std::move(books), day, std::move(handle), std::move(watch));
    co_return co_await run.all();
}

}  // namespace tollgate::reconciliation
