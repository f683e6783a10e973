#include "service/demo/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace tollgate::demo {
namespace {

[[noreturn]] void become(std::vector<std::string>& arguments, const std::vector<std::pair<std::string, std::string>>& variables,
                         int output) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(output, STDERR_FILENO);
    std::vector<std::string> inherited;  // settings of ours, not of the demo
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view variable = *entry;
        if (variable.starts_with("TOLLGATE_")) inherited.emplace_back(variable.substr(0, variable.find('=')));
    }
    for (const std::string& name : inherited) unsetenv(name.c_str());
    for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> argv{const_cast<char*>("tollgate")};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    execv("/proc/self/exe", argv.data());
    _exit(127);
}

}  // namespace

Result<Child> Child::start(std::vector<std::string> arguments, std::vector<std::pair<std::string, std::string>> variables) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return fail(Code::internal, "no pipe could be opened");
    Child child;
    child.pid_ = fork();
    if (child.pid_ == 0) become(arguments, variables, ends[1]);
    close(ends[1]);
    if (child.pid_ < 0) {
        close(ends[0]);
        return fail(Code::internal, "no process could be started");
    }

    FILE* const said = fdopen(ends[0], "r");
    constexpr std::string_view announcement = "listening on ";
    std::string last;
    char line[4096];
    while (child.url_.empty() && fgets(line, sizeof line, said) != nullptr) {
        last = line;
        while (last.ends_with('\n')) last.pop_back();
        if (last.starts_with(announcement)) child.url_ = "http://" + last.substr(announcement.size());
    }
    if (child.url_.empty()) {
        fclose(said);
        return fail(Code::internal, "`tollgate " + arguments.front() + "` did not start: " + last);
    }
    child.drain_ = std::thread([said] {
        char rest[4096];
        while (fgets(rest, sizeof rest, said) != nullptr) {
        }
        fclose(said);
    });
    return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), url_(std::move(other.url_)), drain_(std::move(other.drain_)) {}

Child::~Child() {
    if (pid_ > 0) {
        kill(pid_, SIGTERM);
        waitpid(pid_, nullptr, 0);
    }
    if (drain_.joinable()) drain_.join();
}

}  // namespace tollgate::demo
