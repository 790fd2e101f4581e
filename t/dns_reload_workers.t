#!/usr/bin/perl

# Tests for reloads with fewer and more workers, with and without reuseport.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(12);

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes WORKERS;

events {
}

stream {
    server {
        listen       127.0.0.1:%%PORT_8053%% udp reuseport rcvbuf=2m;
        listen       %%PORT_8054%% udp reuseport rcvbuf=2m;
        listen       127.0.0.1:%%PORT_8055%% udp rcvbuf=2m;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

sub conf { $t->write_file_expand('nginx.conf', $conf =~ s/WORKERS/$_[0]/r) }

conf(2);

$t->upstream(8081, \&numbered);
$t->run();

my %name = (8053 => 'reuseport', 8054 => 'wildcard', 8055 => 'shared');

for my $port (8053, 8054, 8055) {
    my $load = dns_load($t->port($port));

    for my $n (1, 2) {
        select undef, undef, undef, 0.3;
        conf($n);
        ok($t->reload(), "$name{$port}, $n workers");
    }

    select undef, undef, undef, 0.3;

    my $r = $load->stop();

    cmp_ok($r->{right}, '>=', 1000, "$name{$port}, answers");
    is_deeply([ keys %$r ], [ 'right' ], "$name{$port}, nothing else")
        or diag(explain($r));
}
