#!/usr/bin/perl

# Tests for the error log: changes of a server's state, not its queries.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(7);

# a socket can't be connected to this address; one is closed

$t->write_stream(<<'EOF_CONF');
dns_upstream far {
    health_check  off;
    server  127.255.255.255:53  max_fails=0;
}

dns_upstream dead {
    health_check  off;
    server  127.0.0.1:%%PORT_8089%%  max_fails=3 fail_timeout=60s;
    server  127.0.0.1:%%PORT_8088%%  max_fails=3 fail_timeout=60s;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  far far;
    dns_forward  dead dead;
}
EOF_CONF

$t->run();

my $port = $t->port(8053);

is_deeply(dns_bulk($port, 200, name => sub { "q$_[0].far" }),
          { SERVFAIL => 200 }, 'no way to a server');

my @lines = logged('far');

is(scalar @lines, 1, 'one line');
like($lines[0], qr/\[error\].*"far": no socket to server 127\.255\S+:53 \(13/,
     'which names upstream and server');

is_deeply(dns_bulk($port, 200, name => sub { "q$_[0].dead" }),
          { SERVFAIL => 200 }, 'a dead server');

@lines = logged('dead');

is(scalar @lines, 1, 'one line: the last server is not left out');
like($lines[0], qr/\[warn\].*"dead": server 127.0.0.1:\d+ left out/,
     'which names upstream and server');

# nothing else at all

is(scalar(grep { /dns/ && !/"(far|dead)"|there is UDP/ && /\[(warn|error)\]/ }
          split /\n/, $t->error_log()), 0, 'no other line');


sub logged {
    my ($upstream) = @_;

    return grep { /\[(?:warn|error)\].*upstream "$upstream"/
                  && !/is the broadcast address/ }
           split /\n/, $t->error_log();
}
