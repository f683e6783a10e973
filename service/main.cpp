#include "service/commands.hpp"

int main(int argc, char** argv) {
    return tollgate::run_program(argc, argv);
}
