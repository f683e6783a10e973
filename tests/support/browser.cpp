#include "support/browser.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "support/client.hpp"

namespace tollgate::test {

namespace json = boost::json;

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds patience{30};
constexpr std::chrono::milliseconds between_looks{20};

std::string all_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

[[noreturn]] void become_driver(const std::string& home, const std::string& log) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("HOME", home.c_str(), 1);  // whatever the browser keeps beside its profile
    const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    execlp("chromedriver", "chromedriver", "--port=0", static_cast<char*>(nullptr));
    _exit(127);
}

/// Nothing of its own maker's, no other host, and nothing that a container lacks.
json::object capabilities(const std::string& profile) {
    return {{"capabilities",
             {{"alwaysMatch",
               {{"goog:chromeOptions",
                 {{"args",
                   {"--headless=new", "--no-sandbox", "--user-data-dir=" + profile, "--window-size=1280,900", "--lang=en-US",
                    "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--disable-extensions",
                    "--remote-debugging-pipe",  // whose end is the browser's end, also when a test is killed
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"}},
                  {"perfLoggingPrefs", {{"enableNetwork", true}, {"enablePage", false}}}}},
                {"goog:loggingPrefs", {{"browser", "ALL"}, {"performance", "ALL"}}}}}}}};
}

std::string decoded(std::string_view base64) {
    static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned buffer = 0;
    int bits = 0;
    for (const char c : base64) {
        const auto value = letters.find(c);
        if (value == letters.npos) break;
        buffer = buffer << 6U | static_cast<unsigned>(value);
        if ((bits += 6) >= 8) bytes += static_cast<char>(buffer >> (bits -= 8) & 0xFFU);
    }
    return bytes;
}

/// The first visible element of a selector whose text has these words; null without one.
constexpr const char* find_one =
    "return [...document.querySelectorAll(arguments[0])].find(e => e.checkVisibility() && "
    "(e.innerText ?? '').includes(arguments[1])) ?? null;";

}  // namespace

Browser::Browser() {
    const std::string log = folder_.path() + "/driver.log";
    processes_.driver = fork();
    if (processes_.driver == 0) become_driver(folder_.path(), log);
    if (processes_.driver < 0) throw std::runtime_error("no process for chromedriver");
    static constexpr std::string_view announcement = "started successfully on port ";
    until("chromedriver starts (Debian's chromium-driver)", [&] {
        if (waitpid(processes_.driver, nullptr, WNOHANG) == processes_.driver) processes_.driver = -1;
        if (processes_.driver < 0)
            throw std::runtime_error("chromedriver does not run; is chromium-driver installed? " + all_of(log));
        const std::string said = all_of(log);
        const auto at = said.find(announcement);
        if (at == said.npos || said.find('\n', at) == said.npos) return false;
        port_ = static_cast<unsigned short>(std::stoi(said.substr(at + announcement.size())));
        return true;
    });
    open_session();
}

void Browser::open_session() {
    const auto answer = request(
        port_, {.method = "POST", .path = "/session", .body = json::serialize(capabilities(folder_.path() + "/profile"))});
    if (!answer || answer->status != 200)
        throw std::runtime_error("no session with Chromium: " + (answer ? answer->body : std::string("no answer")));
    session_ = "/session/" + answer->text("value.sessionId");
    const std::string process = answer->text("value.capabilities.goog:processID");
    if (!process.empty()) processes_.browser = static_cast<pid_t>(std::stoi(process));
    open("about:blank");  // away from the page that it begins with, and from what that one asks for
    static_cast<void>(asked_for());
    static_cast<void>(complaints());
    looks_through(1280, 900);
}

Browser::~Browser() {
    if (!session_.empty()) static_cast<void>(request(port_, {.method = "DELETE", .path = session_}));
}

Browser::Processes::~Processes() {
    for (const pid_t leader : {browser, driver}) {
        if (leader <= 0) continue;
        kill(-leader, SIGKILL);
        kill(leader, SIGKILL);
    }
    if (driver > 0) waitpid(driver, nullptr, 0);
}

json::value Browser::command(const std::string& method, const std::string& path, const json::value& body) {
    const auto answer =
        request(port_, {.method = method, .path = session_ + path, .body = method == "GET" ? "" : json::serialize(body)});
    if (!answer) throw std::runtime_error("the browser went away at " + path);
    json::value told = json::parse(answer->body).at("value");
    if (answer->status != 200) throw std::runtime_error(path + ": " + std::string(told.at("message").as_string()));
    return told;
}

json::value Browser::devtools(const std::string& name, json::object parameters) {
    return command("POST", "/goog/cdp/execute", json::object{{"cmd", name}, {"params", std::move(parameters)}});
}

void Browser::open(const std::string& url) {
    command("POST", "/url", json::object{{"url", url}});
}

void Browser::reload() {
    command("POST", "/refresh", json::object());
}

void Browser::back() {
    command("POST", "/back", json::object());
}

std::string Browser::address() {
    return std::string(command("GET", "/url").as_string());
}

void Browser::looks_through(int width, int height, bool dark) {
    devtools("Emulation.setDeviceMetricsOverride",
             {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", width < 600}});
    devtools("Emulation.setEmulatedMedia",
             {{"features", json::array{json::object{{"name", "prefers-color-scheme"}, {"value", dark ? "dark" : "light"}}}}});
}

json::value Browser::run(const std::string& body, json::array arguments) {
    return command("POST", "/execute/sync", json::object{{"script", body}, {"args", std::move(arguments)}});
}

std::string Browser::text(const std::string& css) {
    const json::value told = run("return document.querySelector(arguments[0])?.innerText ?? '';", {json::value(css)});
    return std::string(told.as_string());
}

bool Browser::sees(const std::string& words, const std::string& css) {
    return !run(find_one, {json::value(css), json::value(words)}).is_null();
}

void Browser::until(const std::string& what, const std::function<bool()>& condition) {
    const auto end = steady_clock::now() + patience;
    while (!condition()) {
        if (steady_clock::now() > end)
            throw std::runtime_error("it did not come about that " + what +
                                     (session_.empty() ? "" : "; " + address() + " shows:\n" + text()));
        std::this_thread::sleep_for(between_looks);
    }
}

void Browser::awaits(const std::string& words, const std::string& css) {
    until("\"" + words + "\" is seen in " + css, [&] { return sees(words, css); });
}

void Browser::awaits_no(const std::string& words, const std::string& css) {
    until("\"" + words + "\" is not seen in " + css, [&] { return !sees(words, css); });
}

void Browser::click(const std::string& css, const std::string& words) {
    static const std::string reference = "element-6066-11e4-a52e-4f735466cecf";  // W3C WebDriver, 12
    std::string refusal;
    until("\"" + words + "\" (" + css + ") can be clicked", [&] {
        const json::value found = run(find_one, {json::value(css), json::value(words)});
        if (found.is_null()) return false;
        try {
            command("POST", "/element/" + std::string(found.at(reference).as_string()) + "/click", json::object());
        } catch (const std::runtime_error&) {  // it was drawn anew in between
            return false;
        }
        return true;
    });
}

void Browser::fill(const std::string& css, const std::string& text) {
    click(css);
    run("document.activeElement.select();");
    press({text});
}

void Browser::press(std::initializer_list<std::string> pressed, const std::string& held) {
    json::array actions;
    const auto act = [&](const char* type, const std::string& key) {
        actions.push_back(json::object{{"type", type}, {"value", key}});
    };
    if (!held.empty()) act("keyDown", held);
    for (const std::string& text : pressed) {
        for (std::size_t at = 0; at < text.size();) {  // a character at a time, however many bytes it has
            std::size_t end = at + 1;
            while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
            act("keyDown", text.substr(at, end - at));
            act("keyUp", text.substr(at, end - at));
            at = end;
        }
    }
    if (!held.empty()) act("keyUp", held);
    command("POST", "/actions",
            json::object{{"actions", json::array{json::object{{"type", "key"}, {"id", "keys"}, {"actions", actions}}}}});
}

void Browser::forget_cookies() {
    command("DELETE", "/cookie", json::object());
}

void Browser::photograph(const std::string& name) {
    const char* const folder = std::getenv("TOLLGATE_SCREENSHOTS");
    if (folder == nullptr) return;
    json::value whole =
        run("const e = document.documentElement; return {x: 0, y: 0, width: e.clientWidth, "
            "height: e.scrollHeight, scale: 1};");
    const json::value picture =
        devtools("Page.captureScreenshot", {{"captureBeyondViewport", true}, {"clip", std::move(whole)}});
    std::ofstream(std::string(folder) + "/" + name + ".png", std::ios::binary) << decoded(picture.at("data").as_string());
}

json::array Browser::log(const std::string& kind) {
    return command("POST", "/se/log", json::object{{"type", kind}}).as_array();
}

std::vector<std::string> Browser::complaints() {
    std::vector<std::string> lines;
    for (const json::value& entry : log("browser")) {
        const std::string level(entry.at("level").as_string());
        if (level == "SEVERE" || level == "WARNING")
            lines.push_back(level + " " + std::string(entry.at("message").as_string()));
    }
    return lines;
}

std::vector<std::string> Browser::asked_for() {
    std::vector<std::string> addresses;
    for (const json::value& entry : log("performance")) {
        const json::value message = json::parse(entry.at("message").as_string()).at("message");
        if (message.at("method") != json::value("Network.requestWillBeSent")) continue;
        addresses.emplace_back(message.at("params").at("request").at("url").as_string());
    }
    return addresses;
}

}  // namespace tollgate::test
