#pragma once

#include <sys/types.h>

#include <boost/json.hpp>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "support/program.hpp"

namespace tollgate::test {

/// Keys as WebDriver names them (W3C WebDriver, 17.4.2).
namespace keys {
inline constexpr const char* tab = "\xEE\x80\x84";
inline constexpr const char* shift = "\xEE\x80\x88";
inline constexpr const char* enter = "\xEE\x80\x87";
inline constexpr const char* escape = "\xEE\x80\x8C";
}  // namespace keys

/// A real Chromium without a window and without a past, driven through chromedriver (W3C WebDriver). It reaches this machine
/// only. What does not come about within half a minute throws, telling what the page showed instead.
class Browser {
public:
    Browser();
    /// Ends it with all its processes.
    ~Browser();
    Browser(const Browser&) = delete;
    Browser& operator=(const Browser&) = delete;

    void open(const std::string& url);
    void reload();
    void back();
    [[nodiscard]] std::string address();

    /// Of a phone, say. `dark`: what the person prefers.
    void looks_through(int width, int height, bool dark = false);

    /// The text that is seen of the first element of this CSS selector; empty when there is none.
    [[nodiscard]] std::string text(const std::string& css = "body");
    [[nodiscard]] bool sees(const std::string& words, const std::string& css = "body");
    /// Waits until these words are seen there.
    void awaits(const std::string& words, const std::string& css = "body");
    void awaits_no(const std::string& words, const std::string& css = "body");
    void until(const std::string& what, const std::function<bool()>& condition);

    /// A click as by a mouse, on the first visible element of the selector whose text has these words; waits for it.
    void click(const std::string& css, const std::string& words = "");
    /// Puts this text in place of what the input holds.
    void fill(const std::string& css, const std::string& text);
    /// One key after the other; `held` is pressed meanwhile.
    void press(std::initializer_list<std::string> pressed, const std::string& held = "");
    void forget_cookies();

    /// What a function with this body gives, run in the page.
    boost::json::value run(const std::string& body, boost::json::array arguments = {});

    /// A picture of the whole page, when TOLLGATE_SCREENSHOTS names a folder: for people who look at it.
    void photograph(const std::string& name);

    /// What the browser complained of since it was asked last, as "SEVERE …": scripts, policies and answers of 400 and more.
    [[nodiscard]] std::vector<std::string> complaints();
    /// All addresses that were asked for since this was asked last.
    [[nodiscard]] std::vector<std::string> asked_for();

private:
    boost::json::value command(const std::string& method, const std::string& path, const boost::json::value& body = {});
    boost::json::value devtools(const std::string& name, boost::json::object parameters);
    boost::json::array log(const std::string& kind);
    void open_session();

    struct Processes {  // each leads a group of its own
        pid_t driver = -1;
        pid_t browser = -1;
        ~Processes();
    };

    Folder folder_;
    Processes processes_;
    unsigned short port_ = 0;
    std::string session_;
};

}  // namespace tollgate::test
