#include "support/program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace tollgate::test {
namespace {

std::unique_ptr<Program> listening(Program::Options options) {
    auto program = std::make_unique<Program>(std::move(options));
    if (!program->listening()) throw std::runtime_error("the program does not listen; it said: " + program->said());
    return program;
}

[[noreturn]] void become(const Program::Options& options, int output) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    if (!options.folder.empty() && chdir(options.folder.c_str()) != 0) _exit(126);
    std::vector<std::string> inherited;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view variable = *entry;
        if (variable.starts_with("TOLLGATE_")) inherited.emplace_back(variable.substr(0, variable.find('=')));
    }
    for (const std::string& name : inherited) unsetenv(name.c_str());
    for (const auto& [name, value] : options.variables) setenv(name.c_str(), value.c_str(), 1);
    std::vector<std::string> words = options.before;
    words.push_back(options.binary.empty() ? TOLLGATE_BINARY : options.binary);
    words.insert(words.end(), options.arguments.begin(), options.arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execvp(argv.front(), argv.data());
    _exit(127);
}

}  // namespace

Folder::Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tollgate-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Program::Program(Options options) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    pid_ = fork();
    if (pid_ == 0) become(options, ends[1]);
    close(ends[1]);
    if (pid_ < 0) {
        close(ends[0]);
        throw std::runtime_error("no process");
    }
    if (options.started) options.started(pid_);

    std::condition_variable announced;
    bool over = false;
    std::unique_lock lock(mutex_);
    reader_ = std::thread([this, &announced, &over, from = ends[0]] {
        constexpr std::string_view announcement = "listening on 127.0.0.1:";
        bool told = false;
        char buffer[4096];
        for (;;) {
            const auto got = read(from, buffer, sizeof buffer);
            const std::lock_guard guard(mutex_);
            if (got > 0) said_.append(buffer, static_cast<std::size_t>(got));
            const auto at = said_.find(announcement);
            const bool whole = at != said_.npos && said_.find('\n', at) != said_.npos;
            if (!told && (whole || got <= 0)) {
                if (whole) port_ = static_cast<unsigned short>(std::stoi(said_.substr(at + announcement.size())));
                told = over = true;
                announced.notify_one();
            }
            if (got <= 0) break;
        }
        close(from);
    });
    announced.wait(lock, [&over] { return over; });
}

Program::~Program() {
    kill_hard();
    if (reader_.joinable()) reader_.join();
}

void Program::signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);
}

void Program::kill_hard() {
    signal(SIGKILL);
    if (pid_ > 0) wait();
}

int Program::wait() {
    if (pid_ < 0) return exit_code_;
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    dumped_core_ = WIFSIGNALED(status) && WCOREDUMP(status);
    if (reader_.joinable()) reader_.join();
    return exit_code_;
}

int Program::stop() {
    signal(SIGTERM);
    return wait();
}

std::string Program::said() const {
    const std::lock_guard lock(mutex_);
    return said_;
}

std::unique_ptr<Program> start_sandbox() {
    return listening({.arguments = {"sandbox", "--listen", "127.0.0.1:0"}});
}

Variables service_settings(const Folder& folder, const std::string& outside_url, Variables more) {
    Variables settings{{"TOLLGATE_SERVER_LISTEN", "127.0.0.1:0"},
                       {"TOLLGATE_SERVER_THREADS", "2"},
                       {"TOLLGATE_STORE_URL", "sqlite:" + folder.path() + "/tollgate.db"}};
    if (!outside_url.empty()) {
        settings["TOLLGATE_GATEWAY_KIND"] = "http";
        settings["TOLLGATE_GATEWAY_URL"] = outside_url;
        settings["TOLLGATE_INVENTORY_URL"] = outside_url;
        settings["TOLLGATE_SHIPPING_URL"] = outside_url;
    }
    for (auto& [name, value] : more) settings[name] = value;
    return settings;
}

std::unique_ptr<Program> start_service(const Variables& settings, std::vector<std::string> before) {
    return listening({.arguments = {"serve"}, .variables = settings, .before = std::move(before)});
}

}  // namespace tollgate::test
