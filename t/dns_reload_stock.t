#!/usr/bin/perl

# Tests for a reload that gives our sockets to nginx's own proxy, and back:
# old workers leave them alone.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->daemon()->plan(9);

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes 2;

events {
}

stream {
    server {
        listen  127.0.0.1:%%PORT_8053%% udp reuseport rcvbuf=2m;
        listen  127.0.0.1:%%PORT_8054%% udp rcvbuf=2m;
        DIRECTIVES
    }
}

EOF_CONF

my $ours = 'dns_forward  . 127.0.0.1:%%PORT_8081%%;';
my $stock = 'proxy_pass 127.0.0.1:%%PORT_8081%%; proxy_requests 1; '
            . 'proxy_responses 1;';

sub conf {
    my ($directives) = @_;

    $t->write_file_expand('nginx.conf',
                          $conf =~ s/DIRECTIVES/$directives/r);
}

conf($ours);

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->run();

for my $directives ($stock, $ours) {
    my @old = $t->workers();

    conf($directives);
    ok($t->reload(), 'reload');
    ok($t->wait_for(sub { !grep { !$t->gone($_) } @old }, 10), 'old ones end');

    is_deeply(dns_bulk($t->port($_), 200, sockets => 16),
              { '192.0.2.1' => 200 }, 'answers') for 8053, 8054;
}

unlike($t->error_log(), qr/F_SETLK/, 'sockets can be locked');
