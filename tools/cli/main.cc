#include "tools/cli/commands.h"

int main(int argc, char** argv) { return sardonyx::Main(argc, argv); }
