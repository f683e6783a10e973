// A configuration file, and after a line "---" variables of the environment, NAME=VALUE each on a line: every problem has a
// place, or the settings print as a file that is read back the same.
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/support/fuzz.hpp"
#include "service/config.hpp"

namespace tollgate::fuzz {
namespace {

/// A file without a place on the disk.
class MemoryFile {
public:
    MemoryFile() : file_(memfd_create("settings", 0)), path_("/proc/self/fd/" + std::to_string(file_)) {}
    ~MemoryFile() { close(file_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    const std::string& path() const { return path_; }

    void hold(std::string_view text) {
        const bool held = ftruncate(file_, 0) == 0 && pwrite(file_, text.data(), text.size(), 0) == ssize_t(text.size());
        expect(held, "the target can write its own file");
    }

private:
    int file_;
    std::string path_;
};

Environment environment_in(std::string_view text) {
    Environment environment;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const std::size_t equals = line.find('=');
        if (equals == 0 || equals == line.npos || line.find('\0') != line.npos) continue;  // no environment can hold it
        environment.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    return environment;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

/// Secrets are printed as asterisks; here they become ones of the right form.
std::string with_secrets(std::string printed) {
    const std::string digits = "00112233445566778899aabbccddeeff";
    replace_all(printed, "hash = \"********\"", "hash = \"hmac-sha256:" + digits + ":" + digits + digits + "\"");
    replace_all(printed, "\"********\"", "\"" + digits + "\"");
    return printed;
}

bool reads_files(std::string_view text) {
    return text.find("file:") != text.npos || text.find("/proc") != text.npos;
}

}  // namespace

void judge(std::string_view input) {
    static MemoryFile file;
    if (reads_files(input)) return;  // what this machine's files hold is no part of the input
    const std::size_t rule = std::min(input.find("---\n"), input.size());
    const Environment environment = environment_in(input.substr(std::min(input.size(), rule + 4)));

    file.hold(input.substr(0, rule));
    const auto settings = load_settings(file.path(), environment);
    if (!settings) {
        expect(!settings.error().empty(), "settings that are refused have a problem");
        for (const ConfigProblem& problem : settings.error())
            expect(!problem.why.empty() && (!problem.file.empty() || !problem.key.empty()),
                   "a problem has a place and a reason");
        return;
    }
    const std::string printed = to_masked_toml(*settings);
    file.hold(with_secrets(printed));
    const auto again = load_settings(file.path(), {});
    if (!again)
        for (const ConfigProblem& problem : again.error())
            expect(false, to_string(problem) + " in what was printed:\n" + printed);
    const std::string printed_again = to_masked_toml(*again);
    expect(printed_again == printed, "settings print as a file that is read back the same");
}

}  // namespace tollgate::fuzz
