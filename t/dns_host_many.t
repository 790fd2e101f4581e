#!/usr/bin/perl

# Tests for dns_host: thousands of lines take memory once, not once for each.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use constant LINES => 8000;

my $t = Test::Nginx::DNS->new()->plan(4);

my $lines = join '', map {
    sprintf "dns_host 10.0.%d.%d h%d.test;\n", $_ >> 8, $_ & 255, $_
} 1 .. LINES;

$t->write_stream(<<"EOF_CONF");
server {
    listen  127.0.0.1:%%PORT_8053%% udp;
    $lines
}
EOF_CONF

$t->run();

for my $i (1, 4000, LINES) {
    is(dns_query($t->port(8053), "h$i.test", 'A')->{answers}[0]{data},
       sprintf('10.0.%d.%d', $i >> 8, $i & 255), "line $i");
}

# of the master, which has read them, at its most; a sanitizer keeps for a while
# what was freed

my ($most) = do {
    open my $fh, '<', "/proc/${\ $t->pid()}/status" or die "$!\n";
    local $/;
    <$fh> =~ /^VmHWM:\s+(\d+) kB/m;
};

cmp_ok($most, '<', 500_000, 'KB of memory');
