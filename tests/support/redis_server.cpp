#include "support/redis_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace tollgate::test {
namespace {

constexpr auto patience = std::chrono::seconds(30);  // a start on a machine that builds and tests at the same time

RedisReply copied(const redisReply& from) {
    RedisReply to;
    switch (from.type) {
        case REDIS_REPLY_NIL:
            break;
        case REDIS_REPLY_INTEGER:
            to.kind = RedisReply::Kind::integer;
            to.integer = from.integer;
            to.text = std::to_string(from.integer);
            break;
        case REDIS_REPLY_ARRAY:
            to.kind = RedisReply::Kind::array;
            for (std::size_t i = 0; i < from.elements; ++i) to.elements.push_back(copied(*from.element[i]));
            break;
        default:
            to.kind = from.type == REDIS_REPLY_ERROR ? RedisReply::Kind::error : RedisReply::Kind::text;
            to.text.assign(from.str, from.len);
            to.integer = std::atoll(to.text.c_str());
    }
    return to;
}

void put(redisContext& connection, const std::vector<std::string>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
        texts.push_back(word.data());
        sizes.push_back(word.size());
    }
    redisAppendCommandArgv(&connection, static_cast<int>(words.size()), texts.data(), sizes.data());
}

RedisReply next_reply(redisContext& connection) {
    void* reply = nullptr;
    if (redisGetReply(&connection, &reply) != REDIS_OK || reply == nullptr)
        throw std::runtime_error(std::string("no reply from redis-server: ") + connection.errstr);
    const std::unique_ptr<redisReply, void (*)(void*)> owned(static_cast<redisReply*>(reply), freeReplyObject);
    return copied(*owned);
}

/// A CA and a certificate of it for this machine's names, as ca.pem, server.pem and server.key.
void make_certificates(const std::string& folder) {
    std::ofstream(folder + "/names") << "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
    const std::string key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes ";
    for (const std::string& arguments :
         {"req -x509 " + key + "-days 2 -subj /CN=test-ca -keyout ca.key -out ca.pem",
          "req " + key + "-subj /CN=localhost -keyout server.key -out server.csr",
          std::string("x509 -req -days 2 -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names "
                      "-out server.pem")}) {
        if (std::system(("cd '" + folder + "' && openssl " + arguments + " >openssl.log 2>&1").c_str()) != 0)
            throw std::runtime_error("openssl could not make a certificate: " + arguments);
    }
}

[[noreturn]] void become_server(const char* config, const char* log, bool sentinel) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = ::open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::close_range(3, ~0U, 0);  // the sockets of the test are not this server's
    if (sentinel) {
        ::execlp("redis-server", "redis-server", config, "--sentinel", nullptr);
    } else {
        ::execlp("redis-server", "redis-server", config, nullptr);
    }
    ::_exit(127);
}

}  // namespace

bool wait_for(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        if (condition()) return true;
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

ReservedPort::ReservedPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const int yes = 1;
    // Shared only after the kernel chose it, so that it is nobody else's; Redis shares its side by itself.
    if (socket_ < 0 || ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0)
        throw std::runtime_error("no free port");
    number_ = ntohs(address.sin_port);
}

ReservedPort::~ReservedPort() {
    ::close(socket_);
}

RedisServer::RedisServer() : RedisServer(Options{}) {}

RedisServer::RedisServer(Options options) : options_(std::move(options)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "tollgate-redis-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    try {
        write_files();
        start();
    } catch (...) {
        kill_hard();
        std::filesystem::remove_all(folder_);
        throw;
    }
}

RedisServer::~RedisServer() {
    kill_hard();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void RedisServer::write_files() {
    const std::string number = std::to_string(port());
    std::ofstream config(folder_ + "/redis.conf");
    config << "bind 127.0.0.1\nprotected-mode no\ndir " << folder_ << "\nunixsocket " << socket_path() << '\n';
    if (options_.tls) {
        make_certificates(folder_);
        config << "port 0\ntls-port " << number << "\ntls-cert-file server.pem\ntls-key-file server.key\n"
               << "tls-ca-cert-file ca.pem\ntls-auth-clients no\n";
    } else {
        config << "port " << (options_.unix_socket ? "0" : number) << '\n';
    }
    if (options_.sentinel) {
        if (!options_.password.empty()) config << "requirepass " << options_.password << '\n';
    } else {
        config << "save \"\"\nrepl-diskless-sync-delay 0\nrepl-ping-replica-period 1\nhz 50\nappendfsync always\n"
               << "appendonly " << (options_.append_only ? "yes" : "no") << '\n';
        if (!options_.password.empty())
            config << "requirepass " << options_.password << "\nmasterauth " << options_.password << '\n';
        if (!options_.user.empty()) config << "user " << options_.user << " on >" << options_.password << " ~* &* +@all\n";
        if (!options_.max_memory.empty()) config << "maxmemory " << options_.max_memory << "\nmaxmemory-policy noeviction\n";
        if (options_.replica_of != 0) config << "replicaof 127.0.0.1 " << options_.replica_of << '\n';
        if (options_.cluster)
            config << "cluster-enabled yes\ncluster-config-file nodes.conf\ncluster-port " << bus_port() << '\n';
    }
    for (const std::string& line : options_.config) config << line << '\n';
    if (!config.flush()) throw std::runtime_error("redis.conf cannot be written");
}

void RedisServer::start() {
    const std::string config = folder_ + "/redis.conf";
    const std::string log = folder_ + "/redis.log";
    std::error_code ignored;
    std::filesystem::remove(socket_path(), ignored);
    pid_ = ::fork();
    if (pid_ == 0) become_server(config.c_str(), log.c_str(), options_.sentinel);
    if (pid_ < 0) throw std::runtime_error("no process for redis-server");
    const bool ready = wait_for(
        [this] {
            if (ended()) throw std::runtime_error("redis-server did not start: " + said());
            try {
                return options_.sentinel ? command({"PING"}).text == "PONG" : info("persistence", "loading") == "0";
            } catch (const std::runtime_error&) {
                return false;
            }
        },
        patience);
    if (!ready) throw std::runtime_error("redis-server did not answer in time: " + said());
}

bool RedisServer::ended() {
    if (pid_ <= 0) return true;
    if (::waitpid(pid_, nullptr, WNOHANG) != pid_) return false;
    pid_ = -1;
    return true;
}

std::string RedisServer::url() const {
    std::string credentials;
    if (!options_.password.empty()) credentials = options_.user + ":" + options_.password + "@";
    if (options_.unix_socket) return "redis+unix://" + credentials + socket_path();
    if (options_.tls) return "rediss://" + credentials + "localhost:" + std::to_string(port()) + "/0";
    return "redis://" + credentials + address() + "/0";
}

void RedisServer::kill_hard() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
}

void RedisServer::restart() {
    kill_hard();
    start();
}

void RedisServer::stop_process() {
    if (pid_ > 0) ::kill(pid_, SIGSTOP);
}

void RedisServer::continue_process() {
    if (pid_ > 0) ::kill(pid_, SIGCONT);
}

RedisReply RedisServer::command(const std::vector<std::string>& words) {
    return commands({words}).front();
}

std::vector<RedisReply> RedisServer::commands(const std::vector<std::vector<std::string>>& all) {
    const std::unique_ptr<redisContext, void (*)(redisContext*)> connection(
        redisConnectUnixWithTimeout(socket_path().c_str(), timeval{10, 0}), redisFree);
    if (connection == nullptr || connection->err != 0) throw std::runtime_error("redis-server is not there");
    redisSetTimeout(connection.get(), timeval{10, 0});
    if (!options_.password.empty()) put(*connection, {"AUTH", "default", options_.password});
    for (const auto& words : all) put(*connection, words);
    if (!options_.password.empty()) (void)next_reply(*connection);
    std::vector<RedisReply> replies;
    for (std::size_t i = 0; i < all.size(); ++i) replies.push_back(next_reply(*connection));
    return replies;
}

std::string RedisServer::info(const std::string& section, std::string_view field) {
    const std::string text = "\r\n" + command({"INFO", section}).text;
    const std::size_t at = text.find("\r\n" + std::string(field) + ":");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + 2 + field.size() + 1;
    return text.substr(begin, text.find("\r\n", begin) - begin);
}

long long RedisServer::calls(const std::string& command_name) {
    const std::string stat = info("commandstats", "cmdstat_" + command_name);
    return stat.starts_with("calls=") ? std::atoll(stat.c_str() + 6) : 0;
}

std::string RedisServer::said() const {
    std::ifstream log(folder_ + "/redis.log");
    return {std::istreambuf_iterator<char>(log), {}};
}

}  // namespace tollgate::test
