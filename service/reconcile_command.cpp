#include "service/reconcile_command.hpp"

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <utility>
#include <vector>

#include "core/money.hpp"
#include "reconciliation/alarm.hpp"
#include "reconciliation/gateway_report_books.hpp"
#include "reconciliation/repairs.hpp"
#include "reconciliation/report.hpp"
#include "redaction/redact.hpp"
#include "service/output.hpp"
#include "service/outside.hpp"
#include "service/pages.hpp"
#include "service/process.hpp"
#include "service/store.hpp"
#include "service/target.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace tollgate {
namespace {

using namespace reconciliation;

constexpr int exit_failed = 1;
constexpr int exit_discrepancies = 3;
constexpr std::size_t lines_max = 20;
constexpr const char* books_inside =
    "gateway.kind is \"sandbox\", whose books are inside the serving process: ask that process with POST "
    "/admin/reconciliation, "
    "or name a report of the gateway's with --gateway-report FILE";

std::string money_text(const Entry& entry) {
    const auto currency = Currency::from_code(entry.currency);
    return currency ? to_string(Money{entry.amount, *currency}) : std::to_string(entry.amount) + " " + entry.currency;
}

std::string side_text(const std::optional<Entry>& side) {
    if (!side) return "nothing";
    const std::string at = side->at == WallTime() ? "" : " at " + to_rfc3339(side->at);
    return money_text(*side) + " " + side->status + at + " (" + side->id + ")";
}

std::string line_of(const Discrepancy& found) {
    const std::string& whose = found.reference.empty() ? found.charge_id : found.reference;
    std::string line = std::string(name(found.kind)) + " " + found.type + " of " + (whose.empty() ? "no reference" : whose) +
                       ": ledger " + side_text(found.internal) + ", gateway " + side_text(found.gateway);
    if (found.action != Action::none) line += "; " + std::string(name(found.action));
    return redact(line) + "\n";
}

bool is_csv(std::string_view file) {
    constexpr std::string_view ending = ".csv";
    return file.size() >= ending.size() &&
           std::ranges::equal(file.substr(file.size() - ending.size()), ending,
                              [](char c, char lower) { return c == lower || (c >= 'A' && c <= 'Z' && c + 32 == lower); });
}

/// The comparison on a loop of its own: what it is made of, in the order it must be taken down.
class Reconciliation {
public:
    Reconciliation(const Settings& settings, const ReconcileRequest& request) : settings_(settings), request_(request) {}

    int run() {
        signals_.async_wait([this](const boost::system::error_code& error, int) {
            if (error) return;
            interrupted_ = true;
            loop_.io.stop();
        });
        if (const auto ready = prepare(); !ready) return say(ready.error().detail, exit_failed);
        {
            const log::Running log({.level = log::level_from(settings_.log.level),
                                    .format = settings_.log.format == "text" ? log::Format::text : log::Format::json});
            spawn(loop_.runtime.executor, compare());
            loop_.io.run();
            line_.clear();
        }
        if (interrupted_) leave();
        if (!*outcome_) return say("the day could not be compared: " + outcome_->error().detail, exit_failed);
        return tell(**outcome_);
    }

private:
    Result<void> prepare() {
        if (!request_.gateway_report && settings_.gateway.kind == "sandbox") return fail(Code::bad_request, books_inside);
        if (!request_.out.empty()) {
            report_.emplace(request_.out);
            if (auto usable = report_->state(); !usable) return usable;
        }
        if (!settings_.page.url.empty()) {
            auto target = open_target(loop_.runtime, settings_.page.url, "page.url");
            if (!target) return fail(std::move(target.error()));
            page_target_ = std::move(*target);
        }
        auto exchanges = Exchanges::connect(loop_.runtime, settings_, world_);
        if (!exchanges) return fail(std::move(exchanges.error()));
        outside_.emplace(loop_.runtime, settings_, OutsideShared{breakers_, metrics_}, std::move(*exchanges));
        auto books = request_.gateway_report ? books_in(loop_.runtime, *request_.gateway_report)
                                             : Result<GatewayBooks>(outside_->books());
        if (!books) return fail(std::move(books.error()));
        books_ = std::move(*books);
        auto store = Store::open_to_read(settings_, {&loop_.runtime});
        if (!store) return fail(std::move(store.error()));
        store_.emplace(std::move(*store));
        return {};
    }

    Task<void> compare() {
        Pages pages(loop_.runtime, page_target_.client.get(), page_target_.path);
        Alarm alarm(
            store_->reconciliation(),
            [&pages](Page page, std::string key) { return pages.deliver(std::move(page), std::move(key)); }, request_.day,
            Alarm::Notes::only_read);
        const Books books{store_->reconciliation(), store_->charges(), books_, outside_->calls().gateway.lists_disputes};
        outcome_ = co_await reconcile(
            loop_.runtime, books, request_.day,
            [this, &alarm](std::vector<Discrepancy>& found) { return handle(alarm, found); },
            [this](const Progress& progress) {
                if (!paged_) line_.show(progress_text(progress));
            });
        unheard_ = alarm.unheard();
        loop_.io.stop();
    }

    Task<Result<void>> handle(Alarm& alarm, std::vector<Discrepancy>& found) {
        for (Discrepancy& one : found) {
            if (Alarm::is_for(one)) {
                paged_ = true;
                line_.clear();  // the page's line of the log stands by itself
                const auto called = co_await alarm.call(one);
                if (!called) co_return fail(called.error());
            }
            if (lines_.size() < lines_max) lines_.push_back(line_of(one));
        }
        co_return Result<void>();
    }

    /// Ends the process as a signal asks for: coroutines are left that borrow what would now be destroyed.
    [[noreturn]] void leave() {
        report_.reset();
        std::_Exit(say("interrupted: the day was not compared to its end, and nothing was written", exit_failed));
    }

    int tell(Outcome& outcome) {
        const auto written = report_ ? write_report(outcome) : Result<void>();
        if (interrupted_) leave();
        Output out{""};
        (void)out.write(summary(outcome.tally) + "\n");
        for (const std::string& line : lines_) (void)out.write(line);
        const std::uint64_t more = outcome.tally.discrepancies() - lines_.size();
        if (more > 0)
            (void)out.write("… and " + std::to_string(more) + " more, " +
                            (report_ ? "in " + request_.out : "which --out FILE writes down") + "\n");
        const auto told = out.finish();
        if (!written) return say(written.error().detail, exit_failed);
        if (!told) return say(told.error().detail, exit_failed);
        if (unheard_) (void)say("not everybody who should have been called was: page.url did not take it, so run this again");
        return outcome.tally.discrepancies() == 0 ? 0 : exit_discrepancies;
    }

    Result<void> write_report(Outcome& outcome) {
        loop_.io.restart();
        const Sink sink = [this](std::string_view piece) -> Result<void> {
            loop_.io.poll();  // a signal may have come
            if (interrupted_) return fail(Code::internal, "interrupted");
            return report_->write(piece);
        };
        if (auto written = is_csv(request_.out) ? write_csv(outcome, sink) : write_json(outcome, sink); !written)
            return written;
        return report_->finish();
    }

    const Settings& settings_;
    const ReconcileRequest& request_;
    Loop loop_;
    asio::signal_set signals_{loop_.io, SIGINT, SIGTERM, SIGHUP};
    sandbox::World world_{{}};
    Metrics metrics_;
    Breakers breakers_{{}};
    std::optional<Output> report_;
    Target page_target_;
    std::optional<Outside> outside_;
    std::optional<Store> store_;
    GatewayBooks books_;
    ProgressLine line_;
    std::optional<Result<Outcome>> outcome_;
    std::vector<std::string> lines_;
    bool paged_ = false;
    bool unheard_ = false;
    bool interrupted_ = false;
};

}  // namespace

int reconcile_day(const Settings& settings, const ReconcileRequest& request) {
    harden_process();
    return Reconciliation(settings, request).run();
}

std::string progress_text(const Progress& progress) {
    constexpr std::uint64_t width = 20;
    constexpr const char* phases[] = {"reading the ledger", "reading the gateway's books", "comparing",
                                      "handling discrepancies"};
    const std::string text = std::string(phases[static_cast<std::size_t>(progress.phase)]) + "  ";
    if (progress.total == 0) return text + std::to_string(progress.done) + " records";
    const std::uint64_t done = std::min(progress.done, progress.total);
    const std::uint64_t filled = done * width / progress.total;
    const std::string percent = std::to_string(done * 100 / progress.total);
    return text + "[" + std::string(filled, '#') + std::string(width - filled, '-') + "] " +
           std::string(3 - percent.size(), ' ') + percent + "%  " + std::to_string(done) + " of " +
           std::to_string(progress.total) + " records";
}

}  // namespace tollgate
