package Test::Nginx::DNS::Program;

# The programs of bench/, for checks that need more queries than Perl can
# send.
#
#   load_program('dnsgen')
#
# compiles it and returns its path: dnsgen, the generator; dnsup, a name server
# that is never busy; or tlsup, one over TLS.

use warnings;
use strict;

use Cwd qw/ abs_path /;
use Exporter qw/ import /;
use File::Basename qw/ dirname /;
use File::Path qw/ make_path /;

our @EXPORT = qw/ load_program /;

my $top = abs_path(dirname(abs_path(__FILE__)) . '/../../../../..');

my %sources = (
    dnsgen => [qw/ dnsgen.c dnsgen_options.c names.c latency.c bench.c /],
    dnsup => [qw/ dnsup.c bench.c /],
    tlsup => [qw/ tlsup.c bench.c -lssl -lcrypto /],
);


sub load_program {
    my ($name) = @_;

    my $dir = "$top/build/load";

    make_path($dir);

    system($ENV{CC} || 'cc', '-O2', '-o', "$dir/$name",
           map({ /^-/ ? $_ : "$top/bench/$_" } @{$sources{$name}}), '-lm') == 0
        or die "$name does not compile\n";

    return "$dir/$name";
}


1;
