#include "torture/instance.hpp"

#include <signal.h>

#include <array>
#include <ctime>
#include <stdexcept>
#include <thread>

namespace tollgate::test {
namespace {

constexpr std::size_t logs_kept = 2000;  // lives; each says little
constexpr const char* fraud_rules =
    R"([{kind="blocklist", payment_methods=["tok_listed"]}, {kind="avs_cvv"}, {kind="country_mismatch"}])";

}  // namespace

Program::Options Instance::options() const {
    Program::Options options{.arguments = {"serve"}, .variables = settings_};
    options.variables["TOLLGATE_SERVER_LISTEN"] = "127.0.0.1:" + std::to_string(port());
    options.binary = binary_;
    return options;
}

bool Instance::start_behind(std::vector<std::string> before) {
    bury();
    Program::Options how = options();
    // What looks for leaks at the end of a program built so cannot do it behind another tracer.
    if (!before.empty()) how.variables["ASAN_OPTIONS"] = "detect_leaks=0";
    how.before = std::move(before);
    program_ = std::make_unique<Program>(std::move(how));
    return program_->listening();
}

void Instance::start() {
    if (!start_behind({})) throw std::runtime_error("the service does not listen; it said: " + program_->said());
}

int Instance::stop() {
    return program_->stop();
}

int Instance::wait() {
    return program_->wait();
}

void Instance::kill_hard() {
    program_->kill_hard();
}

std::string Instance::broken_audit() const {
    Program verify({.arguments = {"audit", "verify"}, .variables = settings_, .binary = binary_});
    return verify.wait() == 0 ? "" : verify.said();
}

std::string Instance::broken_books() const {
    constexpr std::time_t day = 86'400;
    const std::time_t now = std::time(nullptr);
    std::string found;
    for (const std::time_t when : {now - day, now}) {
        std::array<char, 11> date{};
        std::tm parts{};
        std::strftime(date.data(), date.size(), "%F", gmtime_r(&when, &parts));
        Program compare({.arguments = {"reconcile", "--date", date.data()}, .variables = settings_, .binary = binary_});
        const int code = compare.wait();
        const std::string told = compare.said();
        const std::string summary = told.substr(0, told.find('\n'));
        // Around midnight the two may have booked on different days: every other kind has a "_".
        if (code == 0 || (code == 3 && summary.find('_') == summary.npos)) continue;
        found += "the books do not agree: " + told;
    }
    return found;
}

/// Keeps what the last process said; its exit code.
int Instance::bury() {
    if (!program_) return 0;
    program_->kill_hard();
    const int code = program_->wait();
    logs_.push_back(program_->said());
    if (logs_.size() > logs_kept) logs_.pop_front();
    program_.reset();
    return code;
}

Instance::Death Instance::live(std::chrono::milliseconds span, const std::function<void()>& with_it) {
    bury();
    std::thread killer;
    Program::Options how = options();
    how.started = [&](pid_t pid) {
        {
            const std::lock_guard lock(mutex_);
            victim_ = pid;
        }
        killer = std::thread([this, &with_it, span] {
            std::this_thread::sleep_for(span);  // the moment that the seed chose
            kill_now();
            with_it();
        });
    };
    program_ = std::make_unique<Program>(std::move(how));
    killer.join();
    const bool listened = program_->listening();
    {
        const std::lock_guard lock(mutex_);
        victim_ = 0;
    }
    return {.listened = listened, .code = bury()};
}

void Instance::kill_now() {
    const std::lock_guard lock(mutex_);
    if (victim_ > 0) ::kill(victim_, SIGKILL);
}

std::vector<std::string> Instance::logs() const {
    std::vector<std::string> all(logs_.begin(), logs_.end());
    if (program_) all.push_back(program_->said());
    return all;
}

Variables hasty_settings(const Folder& folder, const std::string& outside_url, Variables more) {
    more.insert({{"TOLLGATE_SAGA_LEASE", "1s"},
                 {"TOLLGATE_SAGA_COMPENSATION_RETRIES", "1000"},  // giving up is not asked for here
                 {"TOLLGATE_SAGA_COMPENSATION_DELAY", "50ms"},
                 {"TOLLGATE_RETRY_BASE_DELAY", "10ms"},
                 {"TOLLGATE_RETRY_MAX_DELAY", "50ms"},
                 {"TOLLGATE_BREAKER_FAILURE_THRESHOLD", "20"},  // the faults of a crowd are many
                 {"TOLLGATE_BREAKER_RECOVERY_TIMEOUT", "200ms"},
                 {"TOLLGATE_SERVER_CHARGE_TIMEOUT", "3s"},
                 {"TOLLGATE_SERVER_DRAIN_TIMEOUT", "60s"},
                 {"TOLLGATE_FRAUD_RULES", fraud_rules}});
    return service_settings(folder, outside_url, std::move(more));
}

std::vector<std::string> injecting(const std::string& call, const std::string& what, const std::string& when,
                                   const std::string& trace) {
    // -D: the process stays our child, so that its signals and its end are its own. Not --seccomp-bpf: with it 6.1 lets the
    // first call of a thread pass.
    const std::string injection = "inject=" + call + ":" + what + ":when=" + when;
    return {"strace", "-D", "-f", "-qq", "-o", trace, "-e", "trace=" + call, "-e", injection};
}

}  // namespace tollgate::test
