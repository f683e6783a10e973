#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>

namespace tollgate::test {

/// A process of its own that does `work` and whose lines can be read, standard error included. Fork it before the test
/// starts threads.
class Child {
public:
    explicit Child(const std::function<int(int out)>& work) {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) ::abort();
        pid_ = ::fork();
        if (pid_ == 0) {
            ::close(ends[0]);
            ::dup2(ends[1], STDERR_FILENO);
            ::_exit(work(ends[1]));
        }
        ::close(ends[1]);
        out_ = ends[0];
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (!ended_) (void)kill();
        ::close(out_);
    }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// The next line, without its end; empty when the child has closed its end.
    std::string line() {
        std::string text;
        char next = 0;
        while (::read(out_, &next, 1) == 1 && next != '\n') text.push_back(next);
        return text;
    }

    /// Ends it at once and waits for that.
    int kill() {
        ::kill(pid_, SIGKILL);
        return wait();
    }

    /// Its exit status, or 128 + the signal that ended it.
    int wait() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        ended_ = true;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

private:
    pid_t pid_ = -1;
    int out_ = -1;
    bool ended_ = false;
};

/// One line into the pipe, in one write.
inline void tell(int out, std::string text) {
    text.push_back('\n');
    if (::write(out, text.data(), text.size()) < 0) ::_exit(99);
}

}  // namespace tollgate::test
